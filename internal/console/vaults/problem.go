package vaults

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"firn/internal/console/frame"
	"firn/internal/policy"
)

// around is how much is shown of a line on either side of what is wrong in it,
// in bytes.
const around = 40

// A problem is what is wrong with a text that was typed, and where.
type problem struct {
	Says    string
	Line    int // 0 if it is nowhere in particular
	Excerpt string
}

var placeOf = regexp.MustCompile(`line (\d+), character (\d+)`)

// newProblem finds the place in a text that a refusal speaks of.
func newProblem(says, text string) *problem {
	p := &problem{Says: says}
	m := placeOf.FindStringSubmatch(says)
	if m == nil {
		return p
	}
	line, _ := strconv.Atoi(m[1]) // the expression takes digits only, and lines beyond the text are none
	at, _ := strconv.Atoi(m[2])
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return p
	}
	s := lines[line-1]
	at = min(at, len(s))
	from, to := max(0, at-around), min(len(s), at+around)
	p.Line = line
	p.Excerpt = strings.ToValidUTF8(s[from:at], "") + "⟵" + strings.ToValidUTF8(s[at:to], "")
	return p
}

// check says what is wrong with the policy of a vault, nil if nothing is.
func check(c *frame.Call, vault, text string) error {
	p, err := policy.Parse(policy.Resource, text)
	if err != nil {
		return err
	}
	return p.Covers(c.VaultARN(vault))
}

// checked is the editor with a text that was looked at, and not sent.
func checked(c *frame.Call, vault, text string) editor {
	if err := check(c, vault, text); err != nil {
		return editor{Text: text, Problem: newProblem("The policy is refused: "+err.Error(), text)}
	}
	return editor{Text: text, Fine: true, Typed: readerOf(c, vault).read(text)}
}

// problemOf is a refusal of a policy. The API does not say what is wrong with a
// lock's.
func problemOf(c *frame.Call, vault, text, refusal string) *problem {
	var why *policy.SyntaxError
	if errors.As(check(c, vault, text), &why) && !strings.Contains(refusal, why.Error()) {
		refusal += " " + why.Error()
	}
	return newProblem(refusal, text)
}
