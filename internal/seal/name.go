package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"firn/glacier"
	"firn/internal/label"
)

// maxName is how long a sealed name may be, so that a description with it in Base64, and what stands around it, is one.
const maxName = (glacier.MaxDescriptionLength - len(`{"FirnSealed":""}`)) / 4 * 3

// name is what is sealed of a label: its clear form, which is ordinary JSON.
type name struct {
	Path     string `json:"Path,omitempty"`
	Modified string `json:"UTCDateModified,omitempty"`
	Bundle   *index `json:"FirnBundle,omitempty"`
}

type index struct{ Index int64 }

// Name seals what a label says, and returns what the Sealed member of the label to be written has to be. It is an age file, too. The error is a *[TooLongError] if
// an archive's description has no room for it.
func Name(to Recipients, l label.Label) ([]byte, error) {
	n := name{Path: l.Path}
	if m := l.Modified.UTC(); m.Year() >= 1000 && m.Year() <= 9999 { // as label has it
		n.Modified = m.Format("20060102T150405Z")
	}
	if l.Bundle {
		n.Bundle = &index{l.Index}
	}
	text, err := json.Marshal(n)
	if err != nil {
		return nil, fmt.Errorf("seal the name: %w", err)
	}
	if !utf8.ValidString(l.Path) {
		return nil, label.ErrNotText
	}
	text = bytes.ReplaceAll(text, []byte("+"), []byte(`\u002b`)) // a plain one has another meaning to label
	var sealed bytes.Buffer
	w, err := Writer(&sealed, to)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, err
	}
	if sealed.Len() > maxName {
		return nil, &TooLongError{sealed.Len(), maxName, to.Len()}
	}
	return sealed.Bytes(), nil
}

// OpenName opens the Sealed member of a label. Errors are those of [Open].
func OpenName(with Identities, sealed []byte) (label.Label, error) {
	r, err := Open(bytes.NewReader(sealed), with)
	if err != nil {
		return label.Label{}, err
	}
	text, err := io.ReadAll(io.LimitReader(r, glacier.MaxDescriptionLength+1))
	if err != nil {
		return label.Label{}, err
	}
	l := label.Parse(string(text))
	if len(text) > glacier.MaxDescriptionLength || l.Format != label.CloudBerry || l.Sealed != nil {
		return label.Label{}, errors.New("what is sealed is not a name: it was not Firn that wrote it")
	}
	return l, nil
}
