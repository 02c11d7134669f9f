"""The run itself: its folder, its card, what the user chose, what may go wrong."""
