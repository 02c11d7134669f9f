"""The words of the synthetic sheets."""

from random import Random

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip
SHORT_MONTHS = tuple(month[:3] for month in MONTHS)
QUARTERS = ("Q1", "Q2", "Q3", "Q4")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
REGIONS = ("North", "South", "East", "West", "Central", "Northeast", "Southeast", "Midwest",
           "Northwest", "Southwest", "EMEA", "APAC", "Nordics", "Iberia", "Benelux")  # fmt: skip
STATES = ("Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado", "Connecticut",
          "Delaware", "Florida", "Georgia", "Hawaii", "Idaho", "Illinois", "Indiana", "Iowa",
          "Kansas", "Kentucky", "Louisiana", "Maine", "Maryland", "Michigan", "Minnesota",
          "Missouri", "Montana", "Nebraska", "Nevada", "New Hampshire", "New Jersey", "New Mexico",
          "New York", "North Carolina", "North Dakota", "Ohio", "Oklahoma", "Oregon",
          "Pennsylvania", "South Carolina", "Tennessee", "Texas", "Utah", "Vermont", "Virginia",
          "Washington", "West Virginia", "Wisconsin", "Wyoming")  # fmt: skip
COUNTRIES = ("Germany", "France", "Italy", "Spain", "Japan", "Brazil", "Canada", "Mexico", "India",
             "China", "Poland", "Norway", "Kenya", "Egypt", "Chile", "Turkey", "Österreich", "Perú",
             "South Africa", "United Kingdom", "New Zealand", "日本", "Côte d'Ivoire")  # fmt: skip
CITIES = ("Houston", "Portland", "London", "Omaha", "Calgary", "Oslo", "Chicago", "Denver", "Austin",
          "Boston", "Zürich", "Lyon", "Osaka", "Lima", "Tulsa", "Geneva", "Madrid")  # fmt: skip
FIRST_NAMES = ("Anna", "John", "Maria", "Peter", "Susan", "David", "Kim", "Laura", "Mark", "Chris",
               "Elena", "Tom", "Yuki", "Omar", "Ines", "Paul", "Judy", "Frank", "Grace")  # fmt: skip
LAST_NAMES = ("Smith", "Garcia", "Miller", "Tanaka", "Brown", "Schmidt", "Jones", "Lopez", "Watson",
              "Kumar", "Olsen", "Rossi", "Dubois", "Taylor", "Nguyen", "Clark", "Meyer")  # fmt: skip
COMPANY_STEMS = ("Acme", "Global", "Northern", "Summit", "Delta", "Pioneer", "Blue Ridge", "Apex",
                 "Sterling", "Harbor", "Redwood", "Vertex", "Atlas", "Monarch", "Prairie")  # fmt: skip
COMPANY_KINDS = ("Energy", "Gas Co.", "Inc.", "Partners", "Logistics", "LLC", "Foods", "Systems",
                 "Pipeline", "Trading", "GmbH", "Holdings", "Electric Co-op")  # fmt: skip
PRODUCTS = ("Widget A", "Widget B", "Gadget", "Desk lamp", "Office chair", "Printer paper", "Laptop",
            "Monitor", "USB cable", "Steel pipe", "Copper wire", "Natural gas", "Crude oil", "Butane",
            "Wheat", "Corn", "Soybeans", "Coffee", "Cotton", "Cement", "Gravel", "Timber")  # fmt: skip
ACCOUNTS = ("Revenue", "Cost of goods sold", "Salaries and wages", "Rent", "Utilities", "Travel",
            "Marketing", "Insurance", "Depreciation", "Interest expense", "Taxes", "Office supplies",
            "Legal fees", "Training", "Maintenance", "Telephone", "Bad debt", "Other income",
            "Freight", "Consulting", "Software licences", "Bank charges", "Accounts payable",
            "Accounts receivable", "Inventory", "Prepaid expenses", "Goodwill")  # fmt: skip
TOPICS = ("Under 5 years", "5 to 17 years", "18 to 24 years", "25 to 44 years", "45 to 64 years",
          "65 years and over", "Male", "Female", "White", "Black", "Hispanic", "Asian",
          "High school graduate", "College graduate", "Employed", "Unemployed", "Married", "Single",
          "Passenger cars", "Light trucks", "Buses", "Rail", "Air carriers", "Agriculture", "Mining",
          "Construction", "Manufacturing", "Retail trade", "Public utilities", "Services")  # fmt: skip
GROUPS = ("Current assets", "Fixed assets", "Liabilities", "Operating expenses", "Europe", "Americas",
          "Asia", "Residential", "Commercial", "Industrial", "Hardware", "Software", "Male", "Female",
          "Firm", "Interruptible", "Domestic", "Foreign", "Team A", "Team B", "Urban", "Rural",
          "Light trucks", "Full-time", "Part-time", "Phase 1", "Phase 2", "Wholesale")  # fmt: skip
MEASURES = ("Sales", "Units", "Price", "Cost", "Margin", "Volume", "Budget", "Actual", "Forecast",
            "Plan", "Variance", "Number", "Amount", "Rate", "Average", "Index", "Balance", "Hours",
            "Demand", "Supply", "Fuel", "Delivered", "Nominated", "Capacity", "Score", "Weight",
            "High", "Low", "Open", "Close", "Net", "Gross", "Mid", "Offer", "Bid")  # fmt: skip
QUALIFIERS = ("Total", "Net", "Gross", "Average", "Monthly", "Annual", "Estimated", "Adjusted", "Peak",
              "Off-peak", "Daily", "Contract", "Original", "Paid", "Unit", "Current")  # fmt: skip
CATEGORIES = ("Open", "Closed", "Pending", "Active", "Inactive", "A", "B", "C", "High", "Medium", "Low",
              "Yes", "No", "n/a", "Firm", "Buy", "Sell", "USD", "EUR", "MMBtu")  # fmt: skip
REMARKS = ("see note", "to be confirmed", "waiting for approval", "called on Monday", "OK", "late",
           "contract under review by legal", "new customer", "price not final", "renewed")  # fmt: skip
TITLES = ("Sales Report", "Monthly Summary", "Budget Overview", "Inventory List", "Price List",
          "Employee Directory", "Gas Nominations", "Load Forecast", "Project Status", "P&L by Desk",
          "Cash Flow Statement", "Balance Sheet", "Survey Results", "Population by State",
          "Daily Position Report", "Contract Overview", "Rate Sheet", "Trading Volumes",
          "Motor Vehicle Accidents", "Curve Shift", "Invoice Detail", "Test Results")  # fmt: skip
UNITS = ("(in thousands)", "(in millions of dollars)", "(USD)", "(percent)", "(MMBtu/day)", "(unaudited)",
         "[In thousands, except as noted]", "in EUR", "(000s)", "[As of December 31]")  # fmt: skip
SENTENCES = (
    "Please complete the yellow cells only and return the file by Friday.",
    "All figures are preliminary and subject to change without notice.",
    "Volumes are shown net of fuel and shrinkage.",
    "This workbook was prepared by the finance department.",
    "The estimates are based on a sample of 1,200 households.",
    "Prices do not include taxes or delivery.",
    "For internal use only. Do not distribute.",
    "Contact the help desk if you have any questions.",
    "Data after 2004 are not comparable with earlier years because of a change in definitions.",
    "Numbers may not add to totals due to rounding.",
    "The meeting is scheduled for the first week of the month.",
    "Rates include the reservation charge and all applicable surcharges.",
    "Covers civilian noninstitutional population. Based on Current Population Survey.",
    "Select a scenario, then press F9 to recalculate the model.",
)
FORM_LABELS = ("Name", "Date", "Company", "Address", "City", "Phone", "Fax", "E-mail", "Prepared by",
               "Approved by", "Department", "Invoice No.", "Contract", "Account", "Currency", "Period",
               "Project", "Customer", "Effective date", "Version", "Discount rate", "Start",
               "Scenario", "Counterparty", "Trade date", "Delivery point", "Term")  # fmt: skip
SHEET_NAMES = ("Sheet1", "Sheet2", "Sheet3", "Data", "Summary", "Report", "Q1", "Q2", "2001", "Detail",
               "Budget", "Prices", "Input", "Notes", "Jan", "Feb", "Overview", "Table 1", "Tabelle1",
               "List", "Totals", "Forecast", "P&L", "Export")  # fmt: skip
TOTALS = ("Total", "TOTAL", "Grand Total", "Totals", "Sum", "Total, all", "Net total", "Overall")
SUBTOTALS = ("Subtotal", "Sub-total", "SUB TOTAL", "Total {}", "{} total", "Total")


def person(rng: Random) -> str:
    """A person's name, in one of the usual orders."""
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    return rng.choice((f"{first} {last}", f"{last}, {first}", f"{first[0]}. {last}"))


def company(rng: Random) -> str:
    """A company's name."""
    return f"{rng.choice(COMPANY_STEMS)} {rng.choice(COMPANY_KINDS)}"


def phone(rng: Random) -> str:
    """A phone number."""
    parts = rng.randint(200, 989), rng.randint(200, 999), rng.randint(0, 9999)
    return rng.choice(("({}) {}-{:04}", "{}-{}-{:04}", "+1 {} {} {:04}")).format(*parts)


def code(rng: Random) -> str:
    """An id of letters and digits."""
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTUVWXYZ") for _ in range(rng.randint(1, 3)))
    return f"{letters}{rng.choice(('-', '', ' '))}{rng.randint(10, 99999)}"


def sentences(rng: Random, count: int) -> str:
    """A paragraph of ``count`` sentences."""
    return " ".join(rng.sample(SENTENCES, count))


def title(rng: Random) -> str:
    """A table's or a sheet's title."""
    text = rng.choice(TITLES)
    return rng.choice(
        (
            text,
            f"{text} {rng.randint(1995, 2024)}",
            f"{company(rng)} - {text}",
            f"Table {rng.randint(1, 1400)}. {text} by {rng.choice(('Region', 'State', 'Month', 'Type'))}: "
            f"{rng.randint(1980, 1999)} to {rng.randint(2000, 2024)}",
            text.upper(),
            f"{text} for {rng.choice(MONTHS)} {rng.randint(1998, 2024)}",
        )
    )


def label_family(rng: Random) -> tuple[str, tuple[str, ...]]:
    """A header and the row labels that go under it."""
    return rng.choice(
        (
            ("Region", REGIONS),
            ("State", STATES),
            ("Country", COUNTRIES),
            ("City", CITIES),
            ("Product", PRODUCTS),
            ("Account", ACCOUNTS),
            ("Item", ACCOUNTS),
            ("Characteristic", TOPICS),
            ("Type", TOPICS),
            ("Month", MONTHS),
        )
    )
