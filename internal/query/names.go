package query

import "unicode"

// names finds columns by their names.
type names struct {
	exact  map[string]matches
	folded map[string]matches // whatever their case
}

// matches are the columns of one name.
type matches struct{ first, count int }

// add adds a column to those of a name.
func (m matches) add(column int) matches {
	if m.count == 0 {
		m.first = column
	}
	m.count++
	return m
}

func newNames(list []string) *names {
	n := &names{exact: make(map[string]matches), folded: make(map[string]matches)} // a million names may all be the same
	for i, name := range list {
		n.exact[name] = n.exact[name].add(i)
		folded := fold(name)
		n.folded[folded] = n.folded[folded].add(i)
	}
	return n
}

// fold makes names equal that strings.EqualFold holds for equal.
func fold(name string) string {
	runes := []rune(name)
	for i, r := range runes {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		runes[i] = least
	}
	return string(runes)
}
