"""When promotions are let in: windows, the rules by which they recur, and calendar times."""
