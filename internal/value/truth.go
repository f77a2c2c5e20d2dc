package value

// A Truth is what a condition is: yes, no, or unknown. The zero Truth is no.
type Truth uint8

// The truths.
const (
	No Truth = iota
	Yes
	Unknown
)

// TruthOf is yes or no.
func TruthOf(b bool) Truth {
	if b {
		return Yes
	}
	return No
}

// Not is the opposite. That of unknown is unknown.
func (t Truth) Not() Truth {
	switch t {
	case No:
		return Yes
	case Yes:
		return No
	}
	return Unknown
}

// Value is the truth as a BOOL; unknown is NULL.
func (t Truth) Value() Value {
	if t == Unknown {
		return Null()
	}
	return Bool(t == Yes)
}
