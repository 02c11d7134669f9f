"use strict";
/* What all pages share. Whatever the data says is untrusted: it only ever becomes text nodes. */

/** An element; `on…` attributes are listeners, `style` an object (a style attribute would break the page's policy). */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button that goes round automatic, light and dark; `changed` is called whenever the colours are others. */
function addTheme(button, changed) {
  const order = ["auto", "light", "dark"];
  const set = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
    changed();
  };
  button.addEventListener("click", () => set(order[(order.indexOf(document.documentElement.dataset.theme) + 1) % order.length]));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  set("auto");
}
