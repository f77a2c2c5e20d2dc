package query

import (
	"bytes"
	"errors"
)

type (
	evaluator func(*Env) (Value, error)
	condition func(*Env) (truth, error)
)

// compiled is a node that can be run. cond is set if it is a condition by nature.
type compiled struct {
	eval     evaluator
	cond     condition
	constant bool  // eval is the same for every record, and is value
	value    Value // of a constant
	column   int   // eval is this column, counted from 1; 0 if it is something else
}

// fixed is a node that is always the same.
func fixed(v Value) *compiled {
	return &compiled{eval: func(*Env) (Value, error) { return v, nil }, constant: true, value: v}
}

// ofCondition is a node that is a condition.
func ofCondition(c condition) *compiled {
	return &compiled{cond: c, eval: func(env *Env) (Value, error) {
		t, err := c(env)
		return t.value(), err
	}}
}

// compile compiles a node, and computes it if all that it needs is constant. What
// fails then may never be asked for, and is left as it is, and so is what takes
// long.
func (b *binder) compile(e expr) (*compiled, error) {
	b.program.cost++
	if l, ok := e.(*literal); ok {
		b.program.cost += len(l.value.text) / 64
		return fixed(l.value), nil
	}
	if c, ok := e.(*column); ok {
		i, err := b.resolve(c)
		return &compiled{eval: func(env *Env) (Value, error) { return env.Row.Column(i), nil }, column: i + 1}, err
	}
	if a, ok := e.(*aggregate); ok {
		return &compiled{eval: func(env *Env) (Value, error) { return env.totals.value(a.index, a.position) }}, nil
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
		return compileNumeric(e.position, args, func(v []Value) (Value, error) { return negate(v[0]) }), nil
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

// placed gives an error the place of the node that it comes from, unless it has
// one.
func placed(err error, at position) error {
	var e *Error
	if errors.As(err, &e) && e.Line == 0 {
		e.Line, e.Column = at.line, at.column
	}
	return err
}

// asCondition makes a condition of a node: its value is a BOOL, or stands for one.
func (c *compiled) asCondition(at position) (condition, error) {
	if c.cond != nil {
		return c.cond, nil
	}
	if c.constant {
		t, err := truthIn(c.value, at)
		return func(*Env) (truth, error) { return t, nil }, err
	}
	return func(env *Env) (truth, error) {
		v, err := c.eval(env)
		if err != nil {
			return unknown, err
		}
		return truthIn(v, at)
	}, nil
}

func truthIn(v Value, at position) (truth, error) {
	switch {
	case v.absent():
		return unknown, nil
	case v.kind == kindBool:
		return truthOf(v.num != 0), nil
	case v.kind == kindText:
		if b, ok := parseBool(trimSpace(v.text)); ok {
			return truthOf(b.num != 0), nil
		}
	}
	return unknown, errorAt(at, "InvalidDataType", "%s is not a condition", v.show())
}

func compileNot(e *negation, operand *compiled) (*compiled, error) {
	c, err := operand.asCondition(e.position)
	if err != nil {
		return nil, err
	}
	return ofCondition(func(env *Env) (truth, error) {
		t, err := c(env)
		return t.not(), err
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
	decides := truthOf(e.or)
	return ofCondition(func(env *Env) (truth, error) {
		result := decides.not()
		for _, term := range terms {
			t, err := term(env)
			if err != nil || t == decides {
				return t, err
			}
			if t == unknown {
				result = unknown
			}
		}
		return result, nil
	}), nil
}

// compileCompared takes short ways to compare with a constant.
func compileCompared(e *compared, a, b *compiled) *compiled {
	op := e.op
	if a.constant && !b.constant {
		a, b, op = b, a, op.swapped()
	}
	if !b.constant {
		return ofCondition(func(env *Env) (truth, error) {
			x, err := a.eval(env)
			if err != nil {
				return unknown, err
			}
			y, err := b.eval(env)
			if err != nil {
				return unknown, err
			}
			return env.compare(op, x, y)
		})
	}
	y := b.value
	switch {
	case y.isText() && op == equal: // its work is that of the shorter one, and counted with the literal
		return againstConstant(a, y, op, func(text []byte) (bool, bool) { return bytes.Equal(text, y.text), true })
	case y.isText():
		return againstConstant(a, y, op, func(text []byte) (bool, bool) { return op.holds(bytes.Compare(text, y.text)), true })
	case y.kind == kindInt:
		return againstConstant(a, y, op, func(text []byte) (bool, bool) {
			n, ok := parseInt(text)
			return op.holds(compareInts(n, y.num)), ok
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
func againstConstant(a *compiled, y Value, op comparison, quick func(text []byte) (holds, ok bool)) *compiled {
	if i := a.column - 1; i >= 0 {
		return ofCondition(func(env *Env) (truth, error) {
			if text, ok := env.Row.Text(i); ok {
				if holds, ok := quick(text); ok {
					return truthOf(holds), nil
				}
			}
			return env.compare(op, env.Row.Column(i), y)
		})
	}
	return ofCondition(func(env *Env) (truth, error) {
		x, err := a.eval(env)
		if err != nil {
			return unknown, err
		}
		if x.kind == kindText {
			if holds, ok := quick(x.text); ok {
				return truthOf(holds), nil
			}
		}
		return env.compare(op, x, y)
	})
}

func compileBetween(e *between, args []*compiled) *compiled {
	return ofCondition(func(env *Env) (truth, error) {
		x, err := args[0].eval(env)
		if err != nil {
			return unknown, err
		}
		low, err := args[1].eval(env)
		if err != nil {
			return unknown, err
		}
		result, err := env.compare(greaterOrEqual, x, low)
		if result != no && err == nil {
			var high Value
			if high, err = args[2].eval(env); err != nil {
				return unknown, err
			}
			var t truth
			if t, err = env.compare(lessOrEqual, x, high); t != yes {
				result = t
			}
		}
		if err != nil {
			return unknown, err
		}
		if e.not {
			result = result.not()
		}
		return result, nil
	})
}

func compileIs(e *is, operand *compiled) *compiled {
	return ofCondition(func(env *Env) (truth, error) {
		v, err := operand.eval(env)
		is := v.kind == kindMissing || v.kind == kindNull && !e.missing
		return truthOf(is != e.not), err
	})
}

func compileCast(e *casted, operand *compiled) *compiled {
	return &compiled{eval: func(env *Env) (Value, error) {
		v, err := operand.eval(env)
		if err != nil {
			return v, err
		}
		v, err = cast(v, e.to)
		return v, placed(err, e.position)
	}}
}

// compileCases goes through the conditions in order. The arguments are in the
// order of children.
func compileCases(e *cases, args []*compiled) (*compiled, error) {
	var operand *compiled
	if e.operand != nil {
		operand, args = args[0], args[1:]
	}
	otherwise := fixed(Null())
	if e.otherwise != nil {
		otherwise = args[len(args)-1]
	}
	cases := make([]func(env *Env, x Value) (truth, error), len(e.when))
	for i, w := range e.when {
		when := args[2*i]
		if operand != nil {
			cases[i] = func(env *Env, x Value) (truth, error) {
				y, err := when.eval(env)
				if err != nil {
					return unknown, err
				}
				return env.compare(equal, x, y)
			}
			continue
		}
		holds, err := when.asCondition(w[0].where())
		if err != nil {
			return nil, err
		}
		cases[i] = func(env *Env, _ Value) (truth, error) { return holds(env) }
	}
	return &compiled{eval: func(env *Env) (Value, error) {
		var x Value
		if operand != nil {
			var err error
			if x, err = operand.eval(env); err != nil {
				return x, err
			}
		}
		for i := range cases {
			t, err := cases[i](env, x)
			if err != nil {
				return Value{}, err
			}
			if t == yes {
				return args[2*i+1].eval(env)
			}
		}
		return otherwise.eval(env)
	}}, nil
}
