"""What separates the cells of the CSV files that people have. Apart, as `millrace new` must stay light."""

DELIMITERS = ",;\t|"
