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
	return arnTest(code)
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

// An arnTest is a code that is compared with ARNs part by part, of which there are six. Only the last of them may have colons. A
// code of one part is a star for every ARN.
type arnTest string

func (t arnTest) match(value string, e *evaluation) bool {
	code := string(t)
	if !strings.Contains(code, ":") {
		g := newGlob(code)
		return g.match(value, e)
	}
	if strings.Count(code, ":") < arnParts-1 || strings.Count(value, ":") < arnParts-1 || !e.spend(len(code)+len(value)) {
		return false
	}
	for range arnParts - 1 {
		var part, like string
		part, value, _ = strings.Cut(value, ":")
		like, code, _ = strings.Cut(code, ":")
		if g := newGlob(like); !g.match(part, e) {
			return false
		}
	}
	g := newGlob(code)
	return g.match(value, e)
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
