package query

import (
	"bytes"

	"firn/internal/value"
)

type (
	evaluator func(*Env) (value.Value, error)
	condition func(*Env) (value.Truth, error)
)

// compiled is a node that can be run. cond is set if it is a condition by nature.
type compiled struct {
	eval     evaluator
	cond     condition
	constant bool        // eval is the same for every record, and is value
	value    value.Value // of a constant
	column   int         // eval is this column, counted from 1; 0 if it is something else
	castOf   int         // eval is a cast of this column, likewise
	cast     value.Kind  // to this
}

// fixed is a node that is always the same.
func fixed(v value.Value) *compiled {
	return &compiled{eval: func(*Env) (value.Value, error) { return v, nil }, constant: true, value: v}
}

// ofCondition is a node that is a condition.
func ofCondition(c condition) *compiled {
	return &compiled{cond: c, eval: func(env *Env) (value.Value, error) {
		t, err := c(env)
		return t.Value(), err
	}}
}

// maxHeight bounds the stack that an evaluation takes. What stands in parentheses has a
// bound of its own, and a row of operators that is evaluated from the left has this one.
const maxHeight = 4096

// compile compiles a node, and computes it if all that it needs is constant. What
// fails then may never be asked for, and is left as it is, and so is what takes
// long.
func (b *binder) compile(e expr) (*compiled, error) {
	if b.height++; b.height > maxHeight {
		return nil, errorAt(e.where(), "UnsupportedSyntax", "more than %d operators work on each other's results", maxHeight)
	}
	defer func() { b.height-- }()
	b.program.cost++
	if l, ok := e.(*literal); ok {
		b.program.cost += len(l.value.Bytes()) / 64
		return fixed(l.value), nil
	}
	if c, ok := e.(*column); ok {
		i, err := b.resolve(c)
		return &compiled{eval: func(env *Env) (value.Value, error) { return env.Row.Column(i), nil }, column: i + 1}, err
	}
	if a, ok := e.(*aggregate); ok {
		return &compiled{eval: func(env *Env) (value.Value, error) { return env.totals.value(a.index, a.position) }}, nil
	}
	operands := children(e)
	args := make([]*compiled, len(operands))
	constant := true
	for i, o := range operands {
		var err error
		if args[i], err = b.compile(o); err != nil {
			return nil, err
		}
		constant = constant && args[i].constant
	}
	c, err := b.assemble(e, args)
	if err != nil || !constant || c.constant || isNow(e) {
		return c, err
	}
	if v, err := c.eval(&b.folds); err == nil {
		return fixed(v), nil
	}
	return c, nil
}

func isNow(e expr) bool {
	c, ok := e.(*call)
	return ok && c.function == "UTCNOW"
}

// assemble makes a node of its operands, which are in the order of children.
func (b *binder) assemble(e expr, args []*compiled) (*compiled, error) {
	switch e := e.(type) {
	case *negation:
		if e.logical {
			return compileNot(e, args[0])
		}
		return compileNumeric(e.position, args, func(v []value.Value) (value.Value, error) { return value.Negate(v[0]) }), nil
	case *arithmetic:
		return compileArithmetic(e, args[0], args[1]), nil
	case *compared:
		return compileCompared(e, args[0], args[1]), nil
	case *junction:
		return compileJunction(e, args)
	case *between:
		return compileBetween(e, args), nil
	case *in:
		return compileIn(e, args[0], args[1:]), nil
	case *like:
		return compileLike(e, args)
	case *is:
		return compileIs(e, args[0]), nil
	case *cases:
		return compileCases(e, args)
	case *casted:
		return compileCast(e, args[0]), nil
	case *call:
		return compileCall(e, args)
	}
	return nil, errorAt(e.where(), "UnsupportedSyntax", "this expression is not supported")
}

// asCondition makes a condition of a node: its value is a BOOL, or stands for one.
func (c *compiled) asCondition(at position) (condition, error) {
	if c.cond != nil {
		return c.cond, nil
	}
	if c.constant {
		t, err := truthIn(c.value, at)
		return func(*Env) (value.Truth, error) { return t, nil }, err
	}
	return func(env *Env) (value.Truth, error) {
		v, err := c.eval(env)
		if err != nil {
			return value.Unknown, err
		}
		return truthIn(v, at)
	}, nil
}

func truthIn(v value.Value, at position) (value.Truth, error) {
	if v.IsAbsent() {
		return value.Unknown, nil
	}
	if b, ok := v.AsBool(); ok {
		return value.TruthOf(b), nil
	}
	return value.Unknown, errorAt(at, "InvalidDataType", "%s is not a condition", v.Show())
}

func compileNot(e *negation, operand *compiled) (*compiled, error) {
	c, err := operand.asCondition(e.position)
	if err != nil {
		return nil, err
	}
	return ofCondition(func(env *Env) (value.Truth, error) {
		t, err := c(env)
		return t.Not(), err
	}), nil
}

// compileJunction goes through the terms from left to right until one decides.
func compileJunction(e *junction, args []*compiled) (*compiled, error) {
	terms := make([]condition, len(args))
	for i, a := range args {
		var err error
		if terms[i], err = a.asCondition(e.terms[i].where()); err != nil {
			return nil, err
		}
	}
	decides := value.TruthOf(e.or)
	return ofCondition(func(env *Env) (value.Truth, error) {
		result := decides.Not()
		for _, term := range terms {
			t, err := term(env)
			if err != nil || t == decides {
				return t, err
			}
			if t == value.Unknown {
				result = value.Unknown
			}
		}
		return result, nil
	}), nil
}

// compileCompared takes short ways to compare with a constant.
func compileCompared(e *compared, a, b *compiled) *compiled {
	op := e.op
	if a.constant && !b.constant {
		a, b, op = b, a, op.Swapped()
	}
	if !b.constant {
		return ofCondition(func(env *Env) (value.Truth, error) {
			x, err := a.eval(env)
			if err != nil {
				return value.Unknown, err
			}
			y, err := b.eval(env)
			if err != nil {
				return value.Unknown, err
			}
			return env.compare(op, x, y)
		})
	}
	y := b.value
	constant := y.Bytes()
	switch {
	case y.IsText() && op == value.Equal: // its work is that of the shorter one, and counted with the literal
		return againstConstant(a, y, op, func(text []byte) (bool, bool) { return bytes.Equal(text, constant), true })
	case y.IsText():
		return againstConstant(a, y, op, func(text []byte) (bool, bool) { return op.Holds(bytes.Compare(text, constant)), true })
	case y.Kind() == value.KindInt:
		constant, _ := y.Int()
		return againstConstant(a, y, op, func(text []byte) (bool, bool) {
			if len(text) > value.MaxScalar {
				return false, false
			}
			n, ok := value.ParseInt(text)
			return op.Holds(compareInts(n, constant)), ok
		})
	}
	return againstConstant(a, y, op, func([]byte) (bool, bool) { return false, false })
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// againstConstant compares with y. quick decides about a text, if it can. Most
// conditions are about a column, which is asked for without a detour.
func againstConstant(a *compiled, y value.Value, op value.Comparison, quick func(text []byte) (holds, ok bool)) *compiled {
	if i := a.column - 1; i >= 0 {
		return ofCondition(func(env *Env) (value.Truth, error) {
			if text, ok := env.Row.Text(i); ok {
				if holds, ok := quick(text); ok {
					return value.TruthOf(holds), nil
				}
			}
			return env.compare(op, env.Row.Column(i), y)
		})
	}
	return ofCondition(func(env *Env) (value.Truth, error) {
		x, err := a.eval(env)
		if err != nil {
			return value.Unknown, err
		}
		if x.Kind() == value.KindText {
			if holds, ok := quick(x.Bytes()); ok {
				return value.TruthOf(holds), nil
			}
		}
		return env.compare(op, x, y)
	})
}

func compileBetween(e *between, args []*compiled) *compiled {
	return ofCondition(func(env *Env) (value.Truth, error) {
		x, err := args[0].eval(env)
		if err != nil {
			return value.Unknown, err
		}
		low, err := args[1].eval(env)
		if err != nil {
			return value.Unknown, err
		}
		result, err := env.compare(value.GreaterOrEqual, x, low)
		if result != value.No && err == nil {
			var high value.Value
			if high, err = args[2].eval(env); err != nil {
				return value.Unknown, err
			}
			var t value.Truth
			if t, err = env.compare(value.LessOrEqual, x, high); t != value.Yes {
				result = t
			}
		}
		if err != nil {
			return value.Unknown, err
		}
		if e.not {
			result = result.Not()
		}
		return result, nil
	})
}

func compileIs(e *is, operand *compiled) *compiled {
	return ofCondition(func(env *Env) (value.Truth, error) {
		v, err := operand.eval(env)
		is := v.Kind() == value.KindMissing || v.Kind() == value.KindNull && !e.missing
		return value.TruthOf(is != e.not), err
	})
}

func compileCast(e *casted, operand *compiled) *compiled {
	return &compiled{eval: func(env *Env) (value.Value, error) {
		v, err := operand.eval(env)
		if err != nil {
			return v, err
		}
		v, err = value.Cast(v, e.to)
		return v, placed(err, e.position)
	}, castOf: operand.column, cast: e.to}
}

// compileCases goes through the conditions in order. The arguments are in the
// order of children.
func compileCases(e *cases, args []*compiled) (*compiled, error) {
	var operand *compiled
	if e.operand != nil {
		operand, args = args[0], args[1:]
	}
	otherwise := fixed(value.Null())
	if e.otherwise != nil {
		otherwise = args[len(args)-1]
	}
	cases := make([]func(env *Env, x value.Value) (value.Truth, error), len(e.when))
	for i, w := range e.when {
		when := args[2*i]
		if operand != nil {
			cases[i] = func(env *Env, x value.Value) (value.Truth, error) {
				y, err := when.eval(env)
				if err != nil {
					return value.Unknown, err
				}
				return env.compare(value.Equal, x, y)
			}
			continue
		}
		holds, err := when.asCondition(w[0].where())
		if err != nil {
			return nil, err
		}
		cases[i] = func(env *Env, _ value.Value) (value.Truth, error) { return holds(env) }
	}
	return &compiled{eval: func(env *Env) (value.Value, error) {
		var x value.Value
		if operand != nil {
			var err error
			if x, err = operand.eval(env); err != nil {
				return x, err
			}
		}
		for i := range cases {
			t, err := cases[i](env, x)
			if err != nil {
				return value.Value{}, err
			}
			if t == value.Yes {
				return args[2*i+1].eval(env)
			}
		}
		return otherwise.eval(env)
	}}, nil
}
