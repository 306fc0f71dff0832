"""What the statistics of one data set say, for people and for programs: what Facets Overview shows, but offline."""
