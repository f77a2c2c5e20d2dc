package policy

import "strings"

// compileText makes the test of a String or Arn operator.
func (o operator) compileText(variables bool, element, value string) (test, *SyntaxError) {
	t, err := parseTemplate(element, value, variables, o.kind == stringLike || o.kind == arnLike)
	if err != nil {
		return nil, err
	}
	if !t.fixed() {
		return &variableTest{o.kind, t}, nil
	}
	code := t.codes[0]
	if o.kind == arnLike && code != starred && strings.Count(code, ":") < arnParts-1 {
		return nil, refuse(element, "%s has %d of an ARN's %d parts", quote(value), strings.Count(code, ":")+1, arnParts)
	}
	return textTest(o.kind, code), nil
}

func textTest(kind operatorKind, code string) test {
	switch kind {
	case stringEquals:
		return exactTest(code)
	case stringEqualsIgnoreCase:
		return foldTest(code)
	case stringLike:
		return likeTest(newGlob(code))
	}
	return newARNTest(code)
}

type exactTest string

func (t exactTest) match(value string, e *evaluation) bool {
	return len(value) == len(t) && e.spend(len(t)) && value == string(t)
}

type foldTest string

func (t foldTest) match(value string, e *evaluation) bool {
	return e.spend(min(len(t), len(value))) && strings.EqualFold(value, string(t))
}

type likeTest glob

func (t likeTest) match(value string, e *evaluation) bool {
	return (*glob)(&t).match(value, e)
}

// An arnTest compares the six parts of ARNs one by one. Only the last of them may have colons.
type arnTest struct {
	parts []glob // one, if it is a star for every ARN
}

func newARNTest(code string) arnTest {
	parts := strings.SplitN(code, ":", arnParts)
	t := arnTest{make([]glob, len(parts))}
	for i, part := range parts {
		t.parts[i] = newGlob(part)
	}
	return t
}

func (t arnTest) match(value string, e *evaluation) bool {
	if len(t.parts) == 1 {
		return t.parts[0].match(value, e)
	}
	if len(t.parts) != arnParts || strings.Count(value, ":") < arnParts-1 || !e.spend(len(value)) {
		return false
	}
	for i := range t.parts[:arnParts-1] {
		part, rest, _ := strings.Cut(value, ":")
		if !t.parts[i].match(part, e) {
			return false
		}
		value = rest
	}
	return t.parts[arnParts-1].match(value, e)
}

// A variableTest makes its test when it knows the values.
type variableTest struct {
	kind     operatorKind
	template template
}

func (t *variableTest) match(value string, e *evaluation) bool {
	code, ok := t.template.expand(e)
	return ok && textTest(t.kind, code).match(value, e)
}
