package query

import (
	"fmt"

	"firn/internal/value"
)

// maxKept is how many bytes the strings have together that MIN and MAX keep. A record
// can be long, and a statement can ask for thousands of them.
const maxKept = 4 << 20

// Totals are the aggregates of some records. Totals of stretches of an archive
// that are merged from left to right are the archive's, whatever the stretches, but
// for the rounding of FLOATs and of DECIMALs of more than 38 digits, and for values of
// several types that do not all compare with each other. They are for one
// goroutine.
type Totals struct {
	aggregates []*aggregate
	totals     []total
	longest    int // of the strings that MIN and MAX take
}

// A total is one aggregate: how many values there were, and their sum, or the
// least or greatest of them.
type total struct {
	count int64
	value value.Value
	other bool // not all values that were added are INTs
}

// NewTotals makes the totals of no records.
func (p *Program) NewTotals() *Totals {
	t := &Totals{aggregates: p.aggregates, totals: make([]total, len(p.aggregates)), longest: maxKept}
	if n := p.extremes(); n > 0 {
		t.longest /= n
	}
	return t
}

// extremes is how many of the aggregates are MIN or MAX.
func (p *Program) extremes() int {
	n := 0
	for _, a := range p.aggregates {
		if a.function == "MIN" || a.function == "MAX" {
			n++
		}
	}
	return n
}

// An operand is what an aggregate is of.
type operand struct {
	eval evaluator // nil in COUNT(*)
	// Of a sum of a column, or of a cast of one to INT or DECIMAL:
	sums int        // the column, counted from 1; 0 of all others
	kind value.Kind // that it is cast to
}

func newOperand(function string, c *compiled) operand {
	if c == nil {
		return operand{}
	}
	o := operand{eval: c.eval}
	switch {
	case function != "SUM" && function != "AVG":
	case c.column > 0:
		o.sums = c.column
	case c.castOf > 0 && (c.cast == value.KindInt || c.cast == value.KindDecimal):
		o.sums, o.kind = c.castOf, c.cast
	}
	return o
}

// Count adds a record to the totals.
func (p *Program) Count(env *Env, t *Totals) error {
	for i := range p.operands {
		o := &p.operands[i]
		if o.sums > 0 && t.totals[i].addText(env.Row, o) {
			continue
		}
		v := value.Int(1)
		if o.eval != nil {
			var err error
			if v, err = o.eval(env); err != nil {
				return err
			}
		}
		if v.IsAbsent() {
			continue
		}
		err := t.fits(i, v)
		if err == nil {
			err = t.totals[i].add(p.aggregates[i].function, v)
		}
		if err != nil {
			return placed(err, p.aggregates[i].position)
		}
	}
	return nil
}

// fits refuses a string that is too long to be kept. It goes by each value, and not by
// those that are kept in the end: so the error does not depend on the stretches.
func (t *Totals) fits(i int, v value.Value) error {
	if function := t.aggregates[i].function; len(v.Bytes()) > t.longest && (function == "MIN" || function == "MAX") {
		return &Error{Code: "ColumnTooLong", Message: fmt.Sprintf("so many MIN and MAX take strings of %d bytes at most, and here is one of %d", t.longest, len(v.Bytes()))}
	}
	return nil
}

// addText adds the number that a column's text is, if that can be done without a
// detour.
func (t *total) addText(r Row, o *operand) bool {
	text, ok := r.Text(o.sums - 1)
	if !ok {
		return false
	}
	point, ok := t.value.AddText(text, o.kind == value.KindInt)
	if ok {
		t.count++
		t.other = t.other || point || o.kind == value.KindDecimal
	}
	return ok
}

// Merge adds the totals of the records that follow.
func (t *Totals) Merge(next *Totals) error {
	for i, n := range next.totals {
		a := t.aggregates[i]
		t.totals[i].count += n.count
		t.totals[i].other = t.totals[i].other || n.other
		if n.value.Kind() == value.KindMissing {
			continue
		}
		if err := t.totals[i].take(a.function, n.value); err != nil {
			return placed(err, a.position)
		}
	}
	return nil
}

// Use makes the totals those that the program's columns show.
func (env *Env) Use(t *Totals) { env.totals = t }

// add adds the value of a record.
func (t *total) add(function string, v value.Value) error {
	t.count++
	switch function {
	case "COUNT":
		return nil
	case "SUM", "AVG":
		number, ok := v.AsNumber()
		if !ok {
			return &Error{Code: "InvalidDataType", Message: function + " takes numbers, and " + v.Show() + " is none"}
		}
		t.other = t.other || number.Kind() != value.KindInt
		v = number
	}
	return t.take(function, v)
}

// take makes a value, or what is the total of some, part of the total.
func (t *total) take(function string, v value.Value) error {
	if function == "SUM" || function == "AVG" {
		return t.sum(v)
	}
	if t.value.Kind() == value.KindMissing {
		t.value = v.Kept()
		return nil
	}
	c, ok := value.Order(v, t.value)
	if !ok {
		return &Error{Code: "InvalidDataType", Message: function + " cannot compare " + v.Show() + " with " + t.value.Show()}
	}
	if c < 0 == (function == "MIN") && c != 0 {
		t.value = v.Kept()
	}
	return nil
}

// sum adds a number. Integers are added as decimals, which do not overflow so soon;
// what is the sum of integers alone is one again in the end, if it fits.
func (t *total) sum(v value.Value) error {
	if n, ok := v.Int(); ok {
		v = value.Decimal(n)
	}
	if t.value.Kind() == value.KindMissing {
		t.value = v
		return nil
	}
	s, err := value.Calculate('+', t.value, v)
	t.value = s
	return err
}

// value is an aggregate's. Of no values COUNT is 0 and all others NULL.
func (t *Totals) value(i int, at position) (value.Value, error) {
	total := t.totals[i]
	switch {
	case t.aggregates[i].function == "COUNT":
		return value.Int(total.count), nil
	case total.count == 0:
		return value.Null(), nil
	case t.aggregates[i].function == "AVG":
		v, err := value.Calculate('/', total.value, value.Int(total.count))
		return v, placed(err, at)
	case t.aggregates[i].function == "SUM" && !total.other:
		if n, err := value.Cast(total.value, value.KindInt); err == nil {
			return n, nil
		}
	}
	return total.value, nil
}
