package query

import "unicode"

// names finds columns by their names.
type names struct {
	exact  map[string]int // the first of that name
	folded map[string]matches
}

// matches are the columns of one name, whatever its case.
type matches struct{ first, count int }

func newNames(list []string) *names {
	n := &names{exact: make(map[string]int), folded: make(map[string]matches)} // a million names may all be the same
	for i, name := range list {
		if _, ok := n.exact[name]; !ok {
			n.exact[name] = i
		}
		m := n.folded[fold(name)]
		if m.count == 0 {
			m.first = i
		}
		m.count++
		n.folded[fold(name)] = m
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
