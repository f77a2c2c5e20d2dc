package query

import (
	"math"

	"github.com/cockroachdb/apd/v3"
)

// Totals are the aggregates of some records. Totals of stretches of an archive
// that are merged from left to right are the archive's, whatever the stretches.
// They are for one goroutine.
type Totals struct {
	functions []string
	totals    []total
}

// A total is one aggregate: how many values there were, and their sum, or the
// least or greatest of them.
type total struct {
	count int64
	value Value
}

// NewTotals makes the totals of no records.
func (p *Program) NewTotals() *Totals {
	return &Totals{functions: p.functions, totals: make([]total, len(p.functions))}
}

// Count adds a record to the totals.
func (p *Program) Count(env *Env, t *Totals) error {
	for i, operand := range p.operands {
		v := integer(1)
		if operand != nil {
			var err error
			if v, err = operand.eval(env); err != nil {
				return err
			}
		}
		if v.absent() {
			continue
		}
		if err := t.totals[i].add(p.functions[i], 1, v); err != nil {
			return err
		}
	}
	return nil
}

// Merge adds the totals of the records that follow.
func (t *Totals) Merge(next *Totals) error {
	for i, n := range next.totals {
		if n.count > 0 {
			if err := t.totals[i].add(t.functions[i], n.count, n.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// Use makes the totals those that the program's columns show.
func (env *Env) Use(t *Totals) { env.totals = t }

// add adds a value that stands for n of them.
func (t *total) add(function string, n int64, v Value) error {
	t.count += n
	switch function {
	case "COUNT":
		return nil
	case "SUM", "AVG":
		number, ok := asNumber(v)
		if !ok {
			return &Error{Code: "InvalidDataType", Message: function + " takes numbers, and " + v.show() + " is none"}
		}
		return t.sum(number)
	}
	if t.count == n {
		t.value = v.kept()
		return nil
	}
	c, ok := order(v, t.value)
	if !ok {
		return &Error{Code: "InvalidDataType", Message: function + " cannot compare " + v.show() + " with " + t.value.show()}
	}
	if c < 0 == (function == "MIN") && c != 0 {
		t.value = v.kept()
	}
	return nil
}

// sum adds a number. Integers that grow too large become a DECIMAL.
func (t *total) sum(v Value) error {
	if t.value.kind == kindMissing {
		t.value = v
		return nil
	}
	a := t.value
	if a.kind == kindInt && v.kind == kindInt {
		if n := a.num + v.num; (n > a.num) == (v.num > 0) {
			t.value = integer(n)
			return nil
		}
		a = decimal(toDecimal(a))
	}
	s, err := calculate('+', a, v)
	t.value = s
	return err
}

// value is an aggregate's. Of no values COUNT is 0 and all others NULL.
func (t *Totals) value(i int, at position) (Value, error) {
	total := t.totals[i]
	switch {
	case t.functions[i] == "COUNT":
		return integer(total.count), nil
	case total.count == 0:
		return Null(), nil
	case t.functions[i] == "AVG":
		sum := total.value
		if sum.kind == kindInt {
			sum = decimal(apd.New(sum.num, 0))
		}
		v, err := calculate('/', sum, integer(min(total.count, math.MaxInt64)))
		return v, placed(err, at)
	}
	return total.value, nil
}
