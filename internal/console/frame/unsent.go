package frame

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	// maxUnsentForm bounds a form that is read only to be shown to who sent it, in
	// bytes, and maxUnsent what the page shows of it, as it stands there.
	maxUnsentForm = 128 << 10
	maxUnsent     = 100 << 10
	// longText is from how many bytes on a text is worth to be copied. One of
	// several lines is in any case.
	longText = 200
)

// A lostForm is a form that nothing was done with, as its page shows it.
type lostForm struct {
	Why   string
	Back  string // link to the page that has the form; "" if there is none
	Again string // what to do there
	Texts []typedText
	More  bool // there was more than is shown
}

// A typedText is what stood in a field.
type typedText struct{ Name, Text string }

// unsentByNobody answers a form of somebody who has not signed in, or whose
// session has ended: what he typed is not lost.
func (c *Call) unsentByNobody() error {
	if err := c.readForm(maxUnsentForm); err != nil {
		return errNobody // and no more is said to a stranger
	}
	form := lostForm{Why: "The session has ended.", Back: c.signInLink(), Again: "Sign in again"}
	if !form.keep(c.Form) {
		return errNobody
	}
	return c.unsent(form)
}

// unsentElsewhere answers a form that a page of another session had.
func (c *Call) unsentElsewhere(rt Route) error {
	form := lostForm{Why: "This form is of another session.", Again: "Open the form again"}
	if rt.Show != nil {
		form.Back = c.Request.URL.RequestURI()
	}
	if !form.keep(c.Form) {
		return Refuse(http.StatusForbidden, form.Why+" Go back, load the page again, and repeat what you did.")
	}
	return c.unsent(form)
}

func (c *Call) unsent(form lostForm) error {
	return c.Render(http.StatusForbidden, "unsent", Page{Title: "Not sent", Data: form})
}

// keep takes the texts that are worth it out of a form, and reports whether
// there are any.
func (l *lostForm) keep(form url.Values) bool {
	left := maxUnsent
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, text := range form[name] {
			if secretField(name) || len(text) < longText && !strings.Contains(text, "\n") {
				continue
			}
			t := typedText{strings.ToValidUTF8(name, "?"), strings.ToValidUTF8(text, "?")}
			if left -= escaped(t.Name) + escaped(t.Text); left < 0 {
				l.More = true
				return true
			}
			l.Texts = append(l.Texts, t)
		}
	}
	return len(l.Texts) > 0
}

// secretField reports whether what stands in a field is not to be shown: a
// secret, or an address that may have one in it.
func secretField(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"csrf", "secret", "password", "token", "endpoint"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}

// escaped is how long a text may be in a page, with what stands around it.
func escaped(text string) int {
	const around = 200
	n := around + len(text)
	for i := range len(text) {
		if strings.IndexByte("<>&\"'+\x00", text[i]) >= 0 {
			n += len("&#43;") - 1
		}
	}
	return n
}
