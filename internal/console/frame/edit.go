package frame

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// A Field is a text in a form, which somebody else may change while the form is
// filled in. The form has a digest of what it began with, so that only what
// was changed in it is set, and nobody undoes what he has not seen.
type Field struct {
	Name  string // the form's; the digest is in another, with "was-" before it
	Says  string // what it is called in a sentence
	Typed string
	Was   string // digest of what the form began with
	// Of a form that was sent:
	Changed   bool   // what was typed is to be set
	Overtaken bool   // somebody else has changed it meanwhile
	Theirs    string // to this
}

// NewField is a field of a form that begins with what the server has.
func NewField(name, says, has string) Field {
	return Field{Name: name, Says: says, Typed: has, Was: digest(has)}
}

// Sent is the field as the form that was sent has it; f is as the server has
// it. One that the form does not have is not changed. An overtaken one begins
// with theirs from here on: who sends it again has seen that.
func (f Field) Sent(c *Call) Field {
	was, has := c.Form.Get("was-"+f.Name), f.Typed
	if was == "" {
		return f
	}
	f.Typed = c.Text(f.Name)
	f.Changed = f.Typed != has && digest(f.Typed) != was
	if f.Overtaken = f.Changed && f.Was != was; f.Overtaken {
		f.Theirs = has
		return f
	}
	if f.Typed != has {
		f.Was = was
	}
	return f
}

// Overtaken refuses a form of which others have changed fields meanwhile.
func Overtaken(fields ...Field) error {
	var names []string
	for _, f := range fields {
		if f.Overtaken {
			names = append(names, f.Says)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return Refuse(http.StatusConflict, "Nothing was saved: somebody else has changed "+strings.Join(names, ", and ")+
		" meanwhile. What you typed is still here; save it again to replace what is there now.")
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
