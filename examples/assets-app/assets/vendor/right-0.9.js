function right(s, n) { return s.padEnd(n); }
