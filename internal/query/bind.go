package query

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"firn/internal/value"
)

// MaxColumn is the number of the last column there can be.
const MaxColumn = 1 << 20

// A Schema says what columns can be called.
type Schema struct {
	form  form
	names []string
}

type form uint8

const (
	byPosition form = iota
	byName
	byPath
)

// Positions is the schema of records whose columns have no names.
func Positions() Schema { return Schema{form: byPosition} }

// Header is the schema of records whose columns have names, and positions.
func Header(names []string) Schema { return Schema{form: byName, names: names} }

// Paths is the schema of records that are trees of names.
func Paths() Schema { return Schema{form: byPath} }

// A Name is a name in a tree. Unless Exact, its case does not count.
type Name struct {
	Text  string
	Exact bool
}

// Is reports whether the name is meant by n.
func (n Name) Is(name string) bool {
	return n.Text == name || !n.Exact && strings.EqualFold(n.Text, name)
}

// Bind finds the columns of a statement in a schema. The error is an *[Error].
func (s *Statement) Bind(schema Schema) (*Program, error) {
	b := &binder{statement: s, schema: schema, program: &Program{star: s.star, limit: s.limit}}
	p := b.program
	for _, pr := range s.projections {
		c, err := b.compile(pr.value)
		if err != nil {
			return nil, err
		}
		p.projections = append(p.projections, c.eval)
	}
	if s.condition != nil {
		c, err := b.compile(s.condition)
		if err != nil {
			return nil, err
		}
		if p.condition, err = c.asCondition(s.condition.where()); err != nil {
			return nil, err
		}
	}
	p.aggregates = s.aggregates
	for _, a := range s.aggregates {
		var operand *compiled
		if a.operand != nil {
			c, err := b.compile(a.operand)
			if err != nil {
				return nil, err
			}
			operand = c
		}
		p.operands = append(p.operands, newOperand(a.function, operand))
	}
	return p, nil
}

// A binder compiles a statement for one schema.
type binder struct {
	statement *Statement
	schema    Schema
	program   *Program
	usage     [2]*column // the first column called by position, and by name
	names     *names     // of the schema; nil until one is looked for
	height    int        // of the node that is being compiled
	indexes   map[string]int
	folds     Env
}

// resolve finds a column's number.
func (b *binder) resolve(c *column) (int, error) {
	path := c.path
	if len(path) > 1 && b.isTable(path[0]) {
		path = path[1:]
	}
	if b.schema.form == byPath {
		return b.pathIndex(path), nil
	}
	if len(path) > 1 {
		if len(c.path) == 2 {
			return 0, errorAt(c.position, "EvaluatorBindingDoesNotExist", "there is no table %s: it is called %s", show(c.path[0]), show(*b.statement.alias))
		}
		return 0, errorAt(c.position, "UnsupportedSyntax", "a path is not supported for CSV")
	}
	n := path[0]
	if i, ok := positional(n); ok && (!n.quoted || b.schema.form == byPosition) {
		if i < 0 || i >= MaxColumn {
			return 0, errorAt(c.position, "InvalidColumnIndex", "there is no column %s: they are _1 to _%d", show(n), MaxColumn)
		}
		return i, b.mixed(c, 0)
	}
	i, err := b.header(c, n)
	if err != nil {
		return 0, err
	}
	return i, b.mixed(c, 1)
}

// isTable reports whether a name is the table's.
func (b *binder) isTable(n name) bool {
	alias := b.statement.alias
	if n.quoted && alias.quoted {
		return n.text == alias.text
	}
	return strings.EqualFold(n.text, alias.text)
}

// mixed refuses a statement that calls columns by position (0) and by name (1).
func (b *binder) mixed(c *column, by int) error {
	if b.usage[by] == nil {
		b.usage[by] = c
	}
	if b.usage[1-by] == nil {
		return nil
	}
	last := func(c *column) string { return show(c.path[len(c.path)-1]) }
	return errorAt(c.position, "UnsupportedSqlStructure", "columns are called by name or by position, not both: %s and %s",
		last(b.usage[1-by]), last(c))
}

// header finds a column by its name.
func (b *binder) header(c *column, n name) (int, error) {
	if b.schema.form == byPosition {
		return 0, errorAt(c.position, "EvaluatorBindingDoesNotExist",
			"there is no column %s: columns have names only with FileHeaderInfo USE, and are called _1, _2 and so on without", show(n))
	}
	if len(b.schema.names) == 0 {
		return 0, errorAt(c.position, "MissingHeaders", "the archive has no header, and so no column %s", show(n))
	}
	if b.names == nil {
		b.names = newNames(b.schema.names)
	}
	same, remedy := b.names.folded[fold(n.text)], "in double quotes it has case"
	if exact := b.names.exact[n.text]; n.quoted || exact.count == same.count {
		same, remedy = exact, "they are called by their positions"
	}
	switch same.count {
	case 0:
		return 0, errorAt(c.position, "MissingHeaderName", "the header has no column %s", show(n))
	case 1:
		return same.first, nil
	}
	return 0, errorAt(c.position, "AmbiguousFieldName", "the name %s matches more than one column; %s", show(n), remedy)
}

func (b *binder) pathIndex(path []name) int {
	names := make([]Name, len(path))
	for i, n := range path {
		names[i] = Name{n.text, n.quoted}
	}
	key := fmt.Sprintf("%#v", names)
	if i, ok := b.indexes[key]; ok {
		return i
	}
	if b.indexes == nil {
		b.indexes = make(map[string]int)
	}
	i := len(b.program.paths)
	b.indexes[key] = i
	b.program.paths = append(b.program.paths, names)
	return i
}

// positional reads _1 as 0, and so on. A number that is no position's is negative,
// or too large.
func positional(n name) (int, bool) {
	digits, ok := strings.CutPrefix(n.text, "_")
	if !ok || digits == "" || !isDigits(digits) {
		return 0, false
	}
	if digits[0] == '0' {
		return -1, true
	}
	i, err := strconv.Atoi(digits)
	if err != nil {
		i = math.MaxInt
	}
	return i - 1, true
}

func isDigits(s string) bool { return digits(s) == len(s) }

func show(n name) string {
	if n.quoted {
		return `"` + value.Clip(n.text) + `"`
	}
	return value.Clip(n.text)
}
