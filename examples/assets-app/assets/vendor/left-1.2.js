// left pads
function left(s, n) { return s.padStart(n); }
