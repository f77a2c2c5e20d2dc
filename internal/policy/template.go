package policy

import "strings"

// A template is a text with variables: codes, and between them what has to be put in.
type template struct {
	codes     []string // one more than there are variables
	variables []variable
}

// A variable is "${key}" or "${key, 'fallback'}".
type variable struct {
	key         string
	fallback    string
	hasFallback bool
}

// parseTemplate reads a text. If it may not have variables, "${" is two characters like others; if it may not have wildcards, so are
// "*" and "?".
func parseTemplate(element, s string, variables, wildcards bool) (template, *SyntaxError) {
	code := func(s string) string {
		if wildcards {
			return encode(s)
		}
		return s
	}
	var t template
	done := "" // code since the last variable
	for variables {
		before, rest, found := strings.Cut(s, "${")
		if !found {
			break
		}
		done += code(before)
		if len(rest) >= 2 && rest[1] == '}' && strings.ContainsRune("*?$", rune(rest[0])) {
			done += rest[:1]
			s = rest[2:]
			continue
		}
		v, after, err := parseVariable(element, rest)
		if err != nil {
			return template{}, err
		}
		t.codes = append(t.codes, done)
		t.variables = append(t.variables, v)
		done, s = "", after
	}
	t.codes = append(t.codes, done+code(s))
	return t, nil
}

// parseVariable reads what follows "${" and returns what follows its "}".
func parseVariable(element, s string) (v variable, rest string, err *SyntaxError) {
	at := strings.IndexAny(s, ",}")
	if at < 0 {
		return v, "", refuse(element, "the variable ${%s lacks its }", clip(s))
	}
	name := s[:at]
	switch {
	case name == "":
		return v, "", refuse(element, "a variable is empty")
	case strings.ContainsAny(name, " \t\r\n"):
		return v, "", refuse(element, "the variable ${%s} has a space in its name", clip(name))
	case !strings.Contains(name, ":"):
		return v, "", refuse(element, "the variable ${%s} is not of the form ${vendor:name}", clip(name))
	}
	v.key = foldKey(name)
	if s[at] == '}' {
		return v, s[at+1:], nil
	}
	fallback, quoted := strings.CutPrefix(strings.TrimLeft(s[at+1:], " "), "'")
	v.fallback, rest, v.hasFallback = strings.Cut(fallback, "'}")
	if !quoted || !v.hasFallback {
		return v, "", refuse(element, "the default value of ${%s} must stand between single quotes", clip(name))
	}
	return v, rest, nil
}

// fixed says whether there are no variables.
func (t *template) fixed() bool { return len(t.variables) == 0 }

// expand puts the values in. It returns false if one cannot be had, or if it is too much work.
func (t *template) expand(e *evaluation) (string, bool) {
	code := []byte(t.codes[0])
	for i := range t.variables {
		value, ok := e.variable(&t.variables[i])
		next := t.codes[i+1]
		if !ok || !e.spend(len(value)+len(next)) {
			return "", false
		}
		code = append(append(code, value...), next...)
	}
	return string(code), true
}

// loose returns the code in which any text may stand for a variable.
func (t *template) loose() string { return strings.Join(t.codes, starred) }

// foldKey makes the condition key as Request.Value gets it.
func foldKey(key string) string {
	name, tag, found := strings.Cut(key, "/")
	if name = strings.ToLower(name); found {
		name += "/" + tag
	}
	return name
}

// clip is quote without quotes.
func clip(s string) string {
	q := quote(s)
	return q[1 : len(q)-1]
}
