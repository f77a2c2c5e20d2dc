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
	"firn/treehash"
)

// maxName is how long a sealed name may be, so that a description with it in Base64, and what stands around it, is one.
const maxName = (glacier.MaxDescriptionLength - len(`{"FirnSealed":""}`)) / 4 * 3

// name is what is sealed of a label: its clear form, which is ordinary JSON.
type name struct {
	Path     string `json:"Path,omitempty"`
	Modified string `json:"UTCDateModified,omitempty"`
	Bundle   *index `json:"FirnBundle,omitempty"`
	Size     int64  `json:"FirnSize,omitempty"`
	TreeHash string `json:"FirnTreeHash,omitempty"`
}

type index struct{ Index int64 }

// Name seals what a label says, and returns what the Sealed member of the label to be written has to be. It is an age file, too. Hash, and then
// Size, are left out if an archive's description has no room for them. The error is a *[TooLongError] if it has none for the rest either.
func Name(to Recipients, l label.Label) ([]byte, error) {
	n := name{Path: l.Path, Size: l.Size}
	if m := l.Modified.UTC(); m.Year() >= 1000 && m.Year() <= 9999 { // as label has it
		n.Modified = m.Format("20060102T150405Z")
	}
	if l.Bundle {
		n.Bundle = &index{l.Index}
	}
	if l.Hash != (treehash.Hash{}) {
		n.TreeHash = l.Hash.String()
	}
	if !utf8.ValidString(l.Path) {
		return nil, label.ErrNotText
	}
	for {
		sealed, err := n.seal(to)
		switch {
		case err != nil || len(sealed) <= maxName:
			return sealed, err
		case n.TreeHash != "":
			n.TreeHash = ""
		case n.Size != 0:
			n.Size = 0
		default:
			return nil, &TooLongError{len(sealed), maxName, to.Len()}
		}
	}
}

// seal seals the name, however long it becomes.
func (n *name) seal(to Recipients) ([]byte, error) {
	text, err := json.Marshal(n)
	if err != nil {
		return nil, fmt.Errorf("seal the name: %w", err)
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
	return sealed.Bytes(), err
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
