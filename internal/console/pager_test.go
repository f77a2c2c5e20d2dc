package console

import "testing"

func TestPaging(t *testing.T) {
	for _, row := range []struct {
		name, number  string
		n             int
		from, to      int
		before, after string
	}{
		{"nothing", "", 0, 0, 0, "", ""},
		{"no number", "x", 120, 0, 50, "", "/console/p?page=2"},
		{"the middle", "2", 120, 50, 100, "/console/p?page=1", "/console/p?page=3"},
		{"the end", "3", 120, 100, 120, "/console/p?page=2", ""},
		{"beyond it", "4", 120, 100, 120, "/console/p?page=2", ""},
		{"a full last page", "2", 100, 50, 100, "/console/p?page=1", ""},
		{"negative", "-1", 120, 0, 50, "", "/console/p?page=2"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := paging(row.number, row.n, 50)
			before, after := p.links("p")
			if p.from != row.from || p.to != row.to || before != row.before || after != row.after {
				t.Errorf("%+v, %q, %q", p, before, after)
			}
		})
	}
}
