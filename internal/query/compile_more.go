package query

import (
	"fmt"

	"firn/internal/value"
)

// absentOf is what comes of arguments of which one is NULL or MISSING: MISSING if
// any is, else NULL.
func absentOf(args []value.Value) (value.Value, bool) {
	found := false
	for _, a := range args {
		if a.Kind() == value.KindMissing {
			return a, true
		}
		found = found || a.Kind() == value.KindNull
	}
	return value.Null(), found
}

// compileValues makes a node of a function that is given its arguments' values,
// none of which is NULL or MISSING. The function keeps neither the slice nor the
// Env's stack, on which it lies.
func compileValues(at position, args []*compiled, f func(env *Env, v []value.Value) (value.Value, error)) *compiled {
	return &compiled{eval: func(env *Env) (value.Value, error) {
		base := len(env.stack)
		defer func() { env.stack = env.stack[:base] }()
		for _, a := range args {
			v, err := a.eval(env)
			if err != nil {
				return value.Value{}, err
			}
			env.stack = append(env.stack, v)
		}
		values := env.stack[base:]
		if v, ok := absentOf(values); ok {
			return v, nil
		}
		v, err := f(env, values)
		return v, placed(err, at)
	}}
}

// compileNumeric makes a node of a function of numbers.
func compileNumeric(at position, args []*compiled, f func(v []value.Value) (value.Value, error)) *compiled {
	return compileValues(at, args, func(_ *Env, v []value.Value) (value.Value, error) {
		for i := range v {
			n, ok := v[i].AsNumber()
			if !ok {
				return value.Value{}, &Error{Code: "InvalidDataType", Message: v[i].Show() + " is not a number"}
			}
			v[i] = n
		}
		return f(v)
	})
}

func compileArithmetic(e *arithmetic, a, b *compiled) *compiled {
	return compileNumeric(e.position, []*compiled{a, b}, func(v []value.Value) (value.Value, error) {
		return value.Calculate(e.op, v[0], v[1])
	})
}

// compileIn looks a value up if the list consists of strings, or of INTs.
func compileIn(e *in, operand *compiled, list []*compiled) *compiled {
	set := newSet(list)
	return ofCondition(func(env *Env) (value.Truth, error) {
		x, err := operand.eval(env)
		if err != nil {
			return value.Unknown, err
		}
		result, decided := set.has(&x)
		if !decided {
			if result, err = among(env, x, list); err != nil {
				return value.Unknown, err
			}
		}
		if e.not {
			result = result.Not()
		}
		return result, nil
	})
}

// among compares a value with each of a list, until one is equal.
func among(env *Env, x value.Value, list []*compiled) (value.Truth, error) {
	result := value.No
	for _, item := range list {
		y, err := item.eval(env)
		if err != nil {
			return value.Unknown, err
		}
		t, err := env.compare(value.Equal, x, y)
		if t == value.Yes || err != nil {
			return t, err
		}
		if t == value.Unknown {
			result = value.Unknown
		}
	}
	return result, nil
}

// compileLike parses a pattern once if it is constant.
func compileLike(e *like, args []*compiled) (*compiled, error) {
	var once *pattern
	escape := fixed(value.Null())
	if e.escape != nil {
		escape = args[2]
	}
	if args[1].constant && escape.constant && args[1].value.IsText() && (e.escape == nil || !escape.value.IsAbsent()) {
		var err error
		if once, err = patternOf(args[1].value, escape.value, e.escape != nil); err != nil {
			return nil, placed(err, e.position)
		}
	}
	return ofCondition(func(env *Env) (value.Truth, error) {
		x, err := args[0].eval(env)
		if err != nil {
			return value.Unknown, err
		}
		p := once
		if p == nil {
			if p, err = patternNow(env, args[1], escape, e.escape != nil); err != nil {
				return value.Unknown, placed(err, e.position)
			}
		}
		if p == nil || x.IsAbsent() {
			return value.Unknown, nil
		}
		if !x.IsText() {
			return value.Unknown, errorAt(e.position, "InvalidDataType", "LIKE compares strings, and %s is none", x.Show())
		}
		found, err := p.match(&env.work, x.Bytes())
		return value.TruthOf(found != e.not), err
	}), nil
}

// maxPattern is how many bytes a pattern has that is made for one record.
const maxPattern = 16 << 10

// patternNow makes the pattern that a record wants; nil if that is not known.
func patternNow(env *Env, text, escape *compiled, escaped bool) (*pattern, error) {
	t, err := text.eval(env)
	if err != nil {
		return nil, err
	}
	e, err := escape.eval(env)
	if err != nil || t.IsAbsent() || escaped && e.IsAbsent() {
		return nil, err
	}
	if len(t.Bytes()) > maxPattern {
		return nil, &Error{Code: "EvaluatorInvalidArguments", Message: fmt.Sprintf("a pattern of LIKE that is no constant has %d bytes, and may have %d", len(t.Bytes()), maxPattern)}
	}
	if err := env.work.spend(len(t.Bytes())); err != nil {
		return nil, err
	}
	return patternOf(t, e, escaped)
}

func patternOf(text, escape value.Value, escaped bool) (*pattern, error) {
	if !text.IsText() || escaped && !escape.IsText() {
		return nil, &Error{Code: "InvalidDataType", Message: "the pattern and the escape of LIKE are strings"}
	}
	if !escaped {
		return parsePattern(text.Bytes(), nil)
	}
	return parsePattern(text.Bytes(), append([]byte{}, escape.Bytes()...))
}
