package query

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"firn/internal/timestamp"
	"firn/internal/value"
)

// compileCall makes a node of a function.
func compileCall(e *call, args []*compiled) (*compiled, error) {
	switch e.function {
	case "COALESCE":
		return compileCoalesce(args), nil
	case "NULLIF":
		return compileNullIf(args), nil
	case "UTCNOW":
		return &compiled{eval: func(env *Env) (value.Value, error) { return value.Timestamp(env.now), nil }}, nil
	case "TO_STRING":
		return compileToString(e, args)
	}
	return compileValues(e.position, args, functionOf(e)), nil
}

// functionOf returns a function of the values of its arguments.
func functionOf(e *call) func(env *Env, v []value.Value) (value.Value, error) {
	switch e.function {
	case "CHAR_LENGTH", "CHARACTER_LENGTH":
		return charLength
	case "LOWER":
		return lower
	case "UPPER":
		return upper
	case "SUBSTRING":
		return substring
	case "TRIM":
		return func(env *Env, v []value.Value) (value.Value, error) { return trim(env, e.part, v) }
	case "TO_TIMESTAMP":
		return toTimestamp
	case "EXTRACT":
		return dated(e, extract)
	case "DATE_ADD":
		return dated(e, dateAdd)
	default:
		return dated(e, dateDiff)
	}
}

// compileCoalesce is the first argument that is neither NULL nor MISSING, or NULL.
func compileCoalesce(args []*compiled) *compiled {
	return &compiled{eval: func(env *Env) (value.Value, error) {
		for _, a := range args {
			if v, err := a.eval(env); err != nil || !v.IsAbsent() {
				return v, err
			}
		}
		return value.Null(), nil
	}}
}

// compileNullIf is NULL if the arguments are equal, or both absent; else the
// first.
func compileNullIf(args []*compiled) *compiled {
	return &compiled{eval: func(env *Env) (value.Value, error) {
		a, err := args[0].eval(env)
		if err != nil {
			return a, err
		}
		b, err := args[1].eval(env)
		if err != nil {
			return b, err
		}
		t, err := env.compare(value.Equal, a, b)
		if a.IsAbsent() && b.IsAbsent() || t == value.Yes {
			return value.Null(), err
		}
		return a, err
	}}
}

// wrong is the error of an argument of another type.
func wrong(function, want string, v value.Value) error {
	return &Error{Code: "EvaluatorInvalidArguments", Message: function + " takes " + want + ", and " + v.Show() + " is none"}
}

// sized counts the work on a string, and refuses what is none.
func sized(env *Env, function string, v value.Value) error {
	if !v.IsText() {
		return wrong(function, "a string", v)
	}
	return env.work.spend(len(v.Bytes()) / 8)
}

func charLength(env *Env, v []value.Value) (value.Value, error) {
	if err := sized(env, "CHAR_LENGTH", v[0]); err != nil {
		return value.Value{}, err
	}
	return value.Int(int64(utf8.RuneCount(v[0].Bytes()))), nil
}

func lower(env *Env, v []value.Value) (value.Value, error) {
	if err := sized(env, "LOWER", v[0]); err != nil {
		return value.Value{}, err
	}
	return env.make(v[0], bytes.ToLower(v[0].Bytes()))
}

func upper(env *Env, v []value.Value) (value.Value, error) {
	if err := sized(env, "UPPER", v[0]); err != nil {
		return value.Value{}, err
	}
	return env.make(v[0], bytes.ToUpper(v[0].Bytes()))
}

// substring counts characters from 1 on. A start before the first is the first,
// and the length is not cut for it: so the guide has it, unlike the standard.
func substring(env *Env, v []value.Value) (value.Value, error) {
	if err := sized(env, "SUBSTRING", v[0]); err != nil {
		return value.Value{}, err
	}
	text := v[0].Bytes()
	start, ok := wholeNumber(v[1])
	if !ok {
		return value.Value{}, wrong("SUBSTRING", "an integer where to start", v[1])
	}
	text = text[runeOffset(text, start-min(start, 1)):]
	if len(v) > 2 {
		n, ok := wholeNumber(v[2])
		if !ok || n < 0 {
			return value.Value{}, wrong("SUBSTRING", "a length of 0 or more", v[2])
		}
		text = text[:runeOffset(text, n)]
	}
	return v[0].With(text), nil
}

// wholeNumber is a value as an integer, if it is or stands for one.
func wholeNumber(v value.Value) (int64, bool) {
	n, ok := v.AsNumber()
	if !ok {
		return 0, false
	}
	return n.Int()
}

// runeOffset is the offset of the character with the index n, or the length.
func runeOffset(b []byte, n int64) int {
	at := 0
	for ; n > 0 && at < len(b); n-- {
		_, size := utf8.DecodeRune(b[at:])
		at += size
	}
	return at
}

// maxTrim is how many bytes the characters have that TRIM cuts.
const maxTrim = 4 << 10

// trim cuts the characters of a set, spaces if there is none, at one end or both.
func trim(env *Env, part string, v []value.Value) (value.Value, error) {
	if err := sized(env, "TRIM", v[0]); err != nil {
		return value.Value{}, err
	}
	set := []byte(" ")
	if len(v) > 1 {
		if !v[1].IsText() {
			return value.Value{}, wrong("TRIM", "a string", v[1])
		}
		if set = v[1].Bytes(); len(set) > maxTrim {
			return value.Value{}, &Error{Code: "EvaluatorInvalidArguments", Message: fmt.Sprintf("TRIM takes characters of at most %d bytes, and there are %d", maxTrim, len(set))}
		}
		if err := env.work.spend(len(set)); err != nil {
			return value.Value{}, err
		}
	}
	text, in := v[0].Bytes(), runeSet(set)
	if part != "TRAILING" {
		text = bytes.TrimLeftFunc(text, in)
	}
	if part != "LEADING" {
		text = bytes.TrimRightFunc(text, in)
	}
	return v[0].With(text), nil
}

// runeSet reports whether a character is in a set.
func runeSet(set []byte) func(rune) bool {
	if r, n := utf8.DecodeRune(set); n == len(set) {
		return func(c rune) bool { return n > 0 && c == r }
	}
	members := make(map[rune]bool, len(set))
	for _, r := range string(set) {
		members[r] = true
	}
	return func(c rune) bool { return members[c] }
}

func toTimestamp(_ *Env, v []value.Value) (value.Value, error) {
	if !v[0].IsText() {
		return value.Value{}, wrong("TO_TIMESTAMP", "a string", v[0])
	}
	t, err := value.Cast(v[0], value.KindTimestamp)
	if err != nil {
		return value.Value{}, &Error{Code: "CastFailed", Message: v[0].Show() + " is not a timestamp"}
	}
	return t, nil
}

// dated is a function that has a part of timestamps.
func dated(e *call, f func(part timestamp.Part, v []value.Value) (value.Value, error)) func(*Env, []value.Value) (value.Value, error) {
	part, _ := timestamp.ParsePart(e.part)
	return func(_ *Env, v []value.Value) (value.Value, error) { return f(part, v) }
}

func extract(part timestamp.Part, v []value.Value) (value.Value, error) {
	t, ok := v[0].AsTimestamp()
	if !ok {
		return value.Value{}, wrong("EXTRACT", "a timestamp", v[0])
	}
	return value.Int(t.Extract(part)), nil
}

func dateAdd(part timestamp.Part, v []value.Value) (value.Value, error) {
	n, ok := wholeNumber(v[0])
	if !ok {
		return value.Value{}, wrong("DATE_ADD", "an integer to add", v[0])
	}
	t, ok := v[1].AsTimestamp()
	if !ok {
		return value.Value{}, wrong("DATE_ADD", "a timestamp", v[1])
	}
	sum, err := t.Add(part, n)
	if err != nil {
		return value.Value{}, &Error{Code: "EvaluatorInvalidArguments", Message: "DATE_ADD: " + err.Error()}
	}
	return value.Timestamp(sum), nil
}

func dateDiff(part timestamp.Part, v []value.Value) (value.Value, error) {
	from, ok := v[0].AsTimestamp()
	if !ok {
		return value.Value{}, wrong("DATE_DIFF", "timestamps", v[0])
	}
	to, ok := v[1].AsTimestamp()
	if !ok {
		return value.Value{}, wrong("DATE_DIFF", "timestamps", v[1])
	}
	return value.Int(timestamp.Diff(part, from, to)), nil
}

// compileToString parses the pattern once if it is constant.
func compileToString(e *call, args []*compiled) (*compiled, error) {
	var once *timestamp.Pattern
	if args[1].constant && args[1].value.IsText() {
		var err error
		if once, err = parseTimePattern(args[1].value); err != nil {
			return nil, placed(err, e.position)
		}
	}
	return compileValues(e.position, args, func(env *Env, v []value.Value) (value.Value, error) {
		t, ok := v[0].AsTimestamp()
		if !ok {
			return value.Value{}, wrong("TO_STRING", "a timestamp", v[0])
		}
		p := once
		if p == nil {
			if err := sized(env, "TO_STRING", v[1]); err != nil {
				return value.Value{}, err
			}
			var err error
			if p, err = parseTimePattern(v[1]); err != nil {
				return value.Value{}, err
			}
		}
		return value.String(p.Append(nil, t)), nil
	}), nil
}

// maxTimePattern bounds the pattern of TO_STRING.
const maxTimePattern = 1 << 10

func parseTimePattern(v value.Value) (*timestamp.Pattern, error) {
	if len(v.Bytes()) > maxTimePattern {
		return nil, &Error{Code: "InvalidTimestampFormatPattern", Message: "the pattern of TO_STRING is too long"}
	}
	p, err := timestamp.ParsePattern(string(v.Bytes()))
	if err != nil {
		return nil, &Error{Code: "InvalidTimestampFormatPattern", Message: err.Error()}
	}
	return p, nil
}
