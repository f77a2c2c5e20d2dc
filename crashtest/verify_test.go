package crashtest

import (
	"bytes"
	"testing"
)

// A verifier compares a server with a ledger.
type verifier struct {
	t      testing.TB
	api    *api
	ledger *ledger
	truth  *truth
	// read has what was looked at before and is not looked at again: the bytes
	// of archives and jobs, and that what is deleted cannot be retrieved. If it
	// is nil, everything is.
	read map[string]bool
}

// verify fails the test for every line of the ledger that is not true. What
// the ledger leaves open is looked up and written down; it must not change
// any more. Bytes are compared for what is not yet in read.
func (l *ledger) verify(a *api, read map[string]bool) {
	l.t.Helper()
	v := &verifier{t: l.t, api: a, ledger: l, truth: l.read(), read: read}
	rows, uploads := map[string]row{}, map[string]openUpload{}
	for vault, s := range v.truth.vaults {
		err := v.api.get(path(vault), new(any))
		if s == tried && status(err) == 404 {
			continue
		}
		if err != nil {
			v.t.Errorf("vault %s: %v", vault, err)
			continue
		}
		v.tags(vault)
		v.collect(vault, rows, uploads)
	}
	for note, a := range v.truth.archives {
		r, found := rows[note]
		v.archive(a, r, found)
		delete(rows, note)
	}
	for note, u := range v.truth.uploads {
		o, found := uploads[note]
		v.upload(u, o, found)
		delete(uploads, note)
	}
	for note := range rows {
		v.t.Errorf("archive %s is in the inventory, and nobody has sent it", note)
	}
	for note := range uploads {
		v.t.Errorf("upload %s is listed, and nobody has begun it", note)
	}
	v.completions()
	v.bytes()
}

func (v *verifier) tags(vault string) {
	var doc struct{ Tags map[string]string }
	if err := v.api.get(path(vault, "tags"), &doc); err != nil {
		v.t.Errorf("tags of %s: %v", vault, err)
	}
	for key, s := range v.truth.tags[vault] {
		if value, ok := doc.Tags[key]; s == there && !ok || ok && value != key {
			v.t.Errorf("tag %s of %s is %q", key, vault, value)
		}
		delete(doc.Tags, key)
	}
	if len(doc.Tags) > 0 {
		v.t.Errorf("vault %s has tags that nobody has set: %v", vault, doc.Tags)
	}
}

// collect gathers what a vault's inventory and its list of uploads show.
func (v *verifier) collect(vault string, rows map[string]row, uploads map[string]openUpload) {
	list, err := v.api.inventory(vault)
	if err != nil {
		v.t.Errorf("inventory of %s: %v", vault, err)
	}
	for _, r := range list {
		if _, twice := rows[r.Note]; twice {
			v.t.Errorf("archive %s is there twice", r.Note)
		}
		rows[r.Note] = r
	}
	open, err := v.api.uploads(vault)
	if err != nil {
		v.t.Errorf("uploads of %s: %v", vault, err)
	}
	for _, u := range open {
		uploads[u.Note] = u
	}
}

func (v *verifier) archive(a *archive, r row, found bool) {
	switch {
	case a.state == there && !found:
		v.t.Errorf("archive %s of %s (%v) was acknowledged and is not in the inventory", a.note, a.vault, a.content)
		return
	case a.state == gone && found:
		v.t.Errorf("archive %s of %s is in the inventory, although it was deleted or was not there before", a.note, a.vault)
		return
	case a.state == there && r.ID != a.id:
		v.t.Errorf("archive %s has the id %s, and was acknowledged as %s", a.note, r.ID, a.id)
		return
	case found:
		if data := join(a.content); r.Size != len(data) || r.Tree != treeOf(data) {
			v.t.Errorf("archive %s of %v is listed as %d bytes, %s", a.note, a.content, r.Size, r.Tree)
		}
	}
	if a.state == tried || a.state == leaving {
		was := a.id
		if found {
			a.state, a.id = there, r.ID
			v.ledger.write(entry{Op: "archive is there", Vault: a.vault, Note: a.note, ID: r.ID})
			if was != "" && was != r.ID {
				v.t.Errorf("archive %s has the id %s, and was acknowledged as %s", a.note, r.ID, was)
			}
		} else {
			a.state = gone
			v.ledger.write(entry{Op: "archive is gone", Vault: a.vault, Note: a.note})
		}
	}
}

func (v *verifier) upload(u *upload, o openUpload, found bool) {
	switch {
	case u.state == there && !found:
		v.t.Errorf("upload %s was begun and is not listed", u.note)
		return
	case u.state == gone && found:
		v.t.Errorf("upload %s is listed, although it was ended or was not there before", u.note)
		return
	}
	if found {
		v.parts(u, o.ID)
	}
	if u.state == tried || u.state == leaving {
		if found {
			u.state, u.id = there, o.ID
			v.ledger.write(entry{Op: "upload is there", Note: u.note, ID: o.ID})
		} else {
			u.state = gone
			v.ledger.write(entry{Op: "upload is gone", Note: u.note})
		}
	}
}

// parts compares an open upload's parts: the acknowledged ones are there, and
// no other than were tried.
func (v *verifier) parts(u *upload, id string) {
	list, err := v.api.parts(u.vault, id)
	if err != nil {
		v.t.Errorf("parts of %s: %v", u.note, err)
		return
	}
	for n, c := range u.parts {
		span := rangeOf(n, c.Size)
		if tree, ok := list[span]; u.acked[n] && !ok || ok && tree != treeOf(c.bytes()) {
			v.t.Errorf("part %d of upload %s (%v, acknowledged: %v) is listed with the hash %q", n, u.note, c, u.acked[n], tree)
		}
		delete(list, span)
	}
	if len(list) > 0 {
		v.t.Errorf("upload %s has parts that nobody has sent: %v", u.note, list)
	}
}

// completions sees to it that what Complete was asked to do has happened
// whole or not at all: either the archive is there or the open upload.
func (v *verifier) completions() {
	for note, u := range v.truth.uploads {
		if a := v.truth.archives[note]; a != nil && u.completing && (a.state == there) == (u.state == there) {
			v.t.Errorf("after a Complete without an answer, of %s: the archive is there: %v; the open upload: %v",
				note, a.state == there, u.state == there)
		}
		u.completing = false
	}
}

// bytes reads everything back, by new jobs and by those that were begun
// before, which must all succeed.
func (v *verifier) bytes() {
	jobs := v.truth.jobs
	for _, a := range v.truth.archives {
		switch {
		case a.id == "":
		case a.state == gone && v.read["gone "+a.note]:
		case a.state == gone:
			if _, err := v.api.retrieve(a.vault, a.id); status(err) != 404 {
				v.t.Errorf("retrieval of archive %s, which is deleted: %v", a.note, err)
			} else if v.read != nil {
				v.read["gone "+a.note] = true
			}
		case !v.read[a.note]:
			id, err := v.api.retrieve(a.vault, a.id)
			if err != nil {
				v.t.Errorf("retrieval of archive %s: %v", a.note, err)
				continue
			}
			jobs = append(jobs, entry{Vault: a.vault, ID: id, Note: a.note, Content: a.content})
		}
	}
	for _, j := range jobs {
		key := j.Note
		if key == "" {
			key = j.ID
		}
		if v.read[key] {
			continue
		}
		got, err := v.api.output(j.Vault, j.ID)
		if err != nil || !bytes.Equal(got, join(j.Content)) {
			v.t.Errorf("output of the retrieval of %s (%v): %d bytes, %v; equal: %v", key, j.Content, len(got), err, bytes.Equal(got, join(j.Content)))
		} else if v.read != nil {
			v.read[key] = true
		}
	}
}
