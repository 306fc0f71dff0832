"""How far the statistics of one data set lie from those of another."""
