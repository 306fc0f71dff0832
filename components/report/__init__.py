"""What all HTML reports share: the page, its style, sortable tables and charts in SVG.

A page is one file: it loads nothing, works without JavaScript (tables then keep their order), follows the
reader's light or dark scheme, and can be used by keyboard and on a narrow screen.
"""
