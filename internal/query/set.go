package query

import "firn/internal/value"

// A set is the list of an IN whose items are all constants of one type, STRING or
// INT. A value is looked up in it, and not compared with each of them. The zero set
// decides nothing.
type set struct {
	strings map[string]bool
	longest int // of them
	ints    map[int64]bool
}

func newSet(list []*compiled) set {
	var s set
	for _, item := range list {
		if !item.constant {
			return set{}
		}
		switch n, isInt := item.value.Int(); {
		case isInt && s.strings == nil:
			s.addInt(n)
		case item.value.Kind() == value.KindString && s.ints == nil:
			s.addString(item.value.Bytes())
		default:
			return set{}
		}
	}
	return s
}

func (s *set) addInt(n int64) {
	if s.ints == nil {
		s.ints = make(map[int64]bool)
	}
	s.ints[n] = true
}

func (s *set) addString(b []byte) {
	if s.strings == nil {
		s.strings = make(map[string]bool)
	}
	s.strings[string(b)] = true
	s.longest = max(s.longest, len(b))
}

// has reports whether a value is equal to an item. If decided is false it must be
// compared with each.
func (s *set) has(v *value.Value) (found value.Truth, decided bool) {
	switch {
	case s.strings == nil && s.ints == nil:
		return value.No, false
	case v.IsAbsent():
		return value.Unknown, true
	case s.ints != nil:
		return s.hasNumber(v)
	case v.IsText():
		return value.TruthOf(len(v.Bytes()) <= s.longest && s.strings[string(v.Bytes())]), true
	}
	return value.No, false
}

// hasNumber looks a value up among INTs. To compare with a FLOAT these are made
// FLOATs, of which several may be the same.
func (s *set) hasNumber(v *value.Value) (found value.Truth, decided bool) {
	number, ok := v.AsNumber()
	if !ok {
		return value.No, true
	}
	if n, ok := number.Int(); ok {
		return value.TruthOf(s.ints[n]), true
	}
	if number.Kind() == value.KindFloat {
		return value.No, false
	}
	whole, err := value.Cast(number, value.KindInt)
	if err != nil || value.Compare(value.Equal, whole, number) != value.Yes {
		return value.No, true
	}
	n, _ := whole.Int()
	return value.TruthOf(s.ints[n]), true
}
