"""How every picture of the package looks: one style file, and what a style cannot say.

The style file is `displays.mplstyle`; `style` and `styled` put it around what is drawn,
so that nobody's own settings of matplotlib are changed.
"""
