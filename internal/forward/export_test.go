package forward

// Public is public, for its test.
var Public = public
