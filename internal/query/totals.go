package query

// Totals are the aggregates of some records. Totals of stretches of an archive
// that are merged from left to right are the archive's, whatever the stretches, but
// for the rounding of FLOATs and of DECIMALs of more than 38 digits, and for values of
// several types that do not all compare with each other. They are for one
// goroutine.
type Totals struct {
	aggregates []*aggregate
	totals     []total
}

// A total is one aggregate: how many values there were, and their sum, or the
// least or greatest of them.
type total struct {
	count int64
	value Value
	other bool // not all values that were added are INTs
}

// NewTotals makes the totals of no records.
func (p *Program) NewTotals() *Totals {
	return &Totals{aggregates: p.aggregates, totals: make([]total, len(p.aggregates))}
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
		if err := t.totals[i].add(p.aggregates[i].function, v); err != nil {
			return placed(err, p.aggregates[i].position)
		}
	}
	return nil
}

// Merge adds the totals of the records that follow.
func (t *Totals) Merge(next *Totals) error {
	for i, n := range next.totals {
		a := t.aggregates[i]
		t.totals[i].count += n.count
		t.totals[i].other = t.totals[i].other || n.other
		if n.value.kind == kindMissing {
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
func (t *total) add(function string, v Value) error {
	t.count++
	switch function {
	case "COUNT":
		return nil
	case "SUM", "AVG":
		number, ok := asNumber(v)
		if !ok {
			return &Error{Code: "InvalidDataType", Message: function + " takes numbers, and " + v.show() + " is none"}
		}
		t.other = t.other || number.kind != kindInt
		v = number
	}
	return t.take(function, v)
}

// take makes a value, or what is the total of some, part of the total.
func (t *total) take(function string, v Value) error {
	if function == "SUM" || function == "AVG" {
		return t.sum(v)
	}
	if t.value.kind == kindMissing {
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

// sum adds a number. Integers are added as decimals, which do not overflow so soon;
// what is the sum of integers alone is one again in the end, if it fits.
func (t *total) sum(v Value) error {
	if v.kind == kindInt {
		v = short(v.num, 0)
	}
	if t.value.kind == kindMissing {
		t.value = v
		return nil
	}
	s, err := calculate('+', t.value, v)
	t.value = s
	return err
}

// value is an aggregate's. Of no values COUNT is 0 and all others NULL.
func (t *Totals) value(i int, at position) (Value, error) {
	total := t.totals[i]
	switch {
	case t.aggregates[i].function == "COUNT":
		return integer(total.count), nil
	case total.count == 0:
		return Null(), nil
	case t.aggregates[i].function == "AVG":
		v, err := calculate('/', total.value, integer(total.count))
		return v, placed(err, at)
	case t.aggregates[i].function == "SUM" && !total.other:
		if n, ok := toInt(total.value); ok {
			return integer(n), nil
		}
	}
	return total.value, nil
}
