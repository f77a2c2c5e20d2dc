package rest_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"firn/firntest"
)

// A script is a parsed wire script.
type script struct {
	options []firntest.Option
	steps   []step
}

// A step is one step of a script, variables not yet replaced.
type step struct {
	line   int
	text   string // of the whole step, for messages
	kind   string // "request", "raw", "payloads" or "damage"
	number int    // of payloads and damage
	until  bool
	times  int

	method, target string
	headers        []field  // "> " in order; of raw: the lines, in name
	without        []string // "> -"
	late           []field  // ">> "
	sign           map[string]string
	body           string // the argument of body or bytes
	archive        bool   // bytes, and not body
	chunked        bool
	wait           bool // continue
	part           int  // of the body to send; -1: all
	after          string

	status  int
	expect  []field
	absent  []string
	reply   *string // nil: no body is expected
	cut     bool
	nothing bool
}

type field struct{ name, value string }

func parseScript(text string) (s script, err error) {
	lines := strings.Split(text, "\n")
	for at := 0; at < len(lines); {
		if blankLine(lines[at]) {
			at++
			continue
		}
		end := at
		for end < len(lines) && strings.TrimSpace(lines[end]) != "" {
			end++
		}
		if options, ok := strings.CutPrefix(lines[at], "server "); ok && len(s.steps) == 0 {
			if s.options, err = parseOptions(options); err != nil {
				return s, err
			}
			at = end
			continue
		}
		st := step{line: at + 1, text: strings.Join(lines[at:end], "\n"), part: -1}
		for i, line := range lines[at:end] {
			if strings.HasPrefix(line, "#") {
				continue
			}
			if err := st.parse(line); err != nil {
				return s, fmt.Errorf("line %d: %w", at+i+1, err)
			}
		}
		if st.kind == "" || (st.kind == "request" || st.kind == "raw") && st.status == 0 && !st.nothing {
			return s, fmt.Errorf("line %d: the step expects nothing", st.line)
		}
		s.steps = append(s.steps, st)
		at = end
	}
	return s, nil
}

func blankLine(s string) bool { return strings.TrimSpace(s) == "" || strings.HasPrefix(s, "#") }

func parseOptions(text string) (options []firntest.Option, err error) {
	for word := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "profile":
			options = append(options, firntest.Profile(value))
		case "body-timeout":
			d, err := time.ParseDuration(value)
			if err != nil {
				return nil, err
			}
			options = append(options, firntest.BodyTimeout(d))
		default:
			return nil, fmt.Errorf("unknown option %s", name)
		}
	}
	return options, nil
}

// parse reads one line of a step.
func (s *step) parse(line string) (err error) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "until":
		s.until = true
	case "times":
		s.times, err = strconv.Atoi(rest)
	case "raw":
		s.kind = word
	case "payloads", "damage":
		s.kind = word
		s.number, err = strconv.Atoi(rest)
	case ">":
		err = s.parseHeader(rest)
	case ">>":
		s.late = append(s.late, parseField(rest))
	case "sign":
		s.sign = map[string]string{}
		for pair := range strings.FieldsSeq(rest) {
			name, value, _ := strings.Cut(pair, "=")
			s.sign[name] = value
		}
	case "body", "bytes":
		s.body, s.archive = rest, word == "bytes"
	case "chunked":
		s.chunked = true
	case "continue":
		s.wait = true
	case "send":
		n, after, _ := strings.Cut(rest, " ")
		s.after = after
		s.part, err = strconv.Atoi(n)
	case "<":
		err = s.parseExpected(rest)
	case "<<":
		s.reply = &rest
	case "<!", "<!!":
		err = s.parseRefusal(rest, word == "<!!")
	default:
		if strings.ToUpper(word) != word || rest == "" {
			return fmt.Errorf("what is %q?", line)
		}
		s.kind, s.method, s.target = "request", word, rest
	}
	return err
}

func (s *step) parseHeader(text string) error {
	if s.kind == "raw" {
		s.headers = append(s.headers, field{name: text})
		return nil
	}
	if name, ok := strings.CutPrefix(text, "-"); ok {
		s.without = append(s.without, name)
		return nil
	}
	s.headers = append(s.headers, parseField(text))
	return nil
}

// parseField takes one space after the colon away, and no more.
func parseField(text string) field {
	name, value, _ := strings.Cut(text, ":")
	return field{name, strings.TrimPrefix(value, " ")}
}

func (s *step) parseExpected(text string) (err error) {
	switch {
	case text == "cut":
		s.cut = true
	case text == "nothing":
		s.nothing = true
	case strings.HasPrefix(text, "-"):
		s.absent = append(s.absent, text[1:])
	case strings.Contains(text, ":"):
		s.expect = append(s.expect, parseField(text))
	default:
		s.status, err = strconv.Atoi(text)
	}
	return err
}

func (s *step) parseRefusal(text string, front bool) (err error) {
	status, rest, _ := strings.Cut(text, " ")
	code, message, ok := strings.Cut(rest, " ")
	if !ok {
		return fmt.Errorf("a refusal has a status, a code and a message")
	}
	if s.status, err = strconv.Atoi(status); err != nil {
		return err
	}
	kind := "Client"
	if s.status >= 500 {
		kind = "Server"
	}
	message = strings.ReplaceAll(message, `"`, `\"`)
	reply := fmt.Sprintf(`{"code":"%s","message":"%s","type":"%s"}`, code, message, kind)
	if front {
		reply = fmt.Sprintf(`{"message":"%s","code":"%s","type":"%s"}`, message, code, kind)
	}
	s.reply = &reply
	return nil
}
