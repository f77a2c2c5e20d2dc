package console

import (
	"fmt"
	"net/http"
	"strings"

	"firn/glacier"
)

// maxChosen bounds what one form can be about.
const maxChosen = 100

// A retrieval is what a form asks to retrieve with.
type retrieval struct {
	Tier, Range, Description, Topic string
}

// retrievalOf reads a form.
func (c *call) retrievalOf() retrieval {
	return retrieval{
		Tier: c.form.Get("tier"), Range: strings.TrimSpace(c.form.Get("range")),
		Description: strings.TrimSpace(c.form.Get("description")), Topic: strings.TrimSpace(c.form.Get("topic")),
	}
}

// parameters are those of the job that retrieves an archive.
func (f retrieval) parameters(id string) *glacier.JobParameters {
	kind := glacier.ArchiveRetrieval
	p := &glacier.JobParameters{Type: &kind, ArchiveID: &id}
	p.Tier, p.RetrievalByteRange = given(f.Tier), given(f.Range)
	p.Description, p.SNSTopic = given(f.Description), given(f.Topic)
	return p
}

// given is a field of a form as the API has it: none if nothing stands there.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// actOnArchives does to the archives that were chosen what the button says.
func actOnArchives(c *call) error {
	back := c.backToArchives()
	ids := c.form["archive"]
	switch {
	case len(ids) == 0:
		return c.instead(back, refuse(http.StatusBadRequest, "Choose an archive first."))
	case len(ids) > maxChosen:
		return c.instead(back, refuse(http.StatusBadRequest, fmt.Sprintf("At most %d archives at a time.", maxChosen)))
	}
	switch c.form.Get("do") {
	case "retrieve":
		return c.retrieveChosen(back, ids)
	case "delete":
		return c.confirmDeletion(ids)
	case "delete-confirmed":
		return c.deleteChosen(back, ids)
	}
	return refuse(http.StatusBadRequest, "There is no such button.")
}

// backToArchives is the list that the visitor comes from.
func (c *call) backToArchives() string {
	list := link("archives", "vault", c.form.Get("vault"))
	if back := c.form.Get("back"); strings.HasPrefix(back, Root+"archives?") {
		return back
	}
	return list
}

// retrieveChosen begins a job for each archive. It ends at the first that is
// refused, and says how many there are by then.
func (c *call) retrieveChosen(back string, ids []string) error {
	name, f := c.form.Get("vault"), c.retrievalOf()
	var job string
	for i, id := range ids {
		header, err := c.change(http.MethodPost, vaultPath(name, "jobs"), f.parameters(id))
		if e := asRefusal(err); e != nil && i > 0 {
			err = refuse(e.status, fmt.Sprintf("%s began. Then: %s", plural(i, "job"), e.text))
		}
		if err != nil {
			return c.instead(back, err)
		}
		job = header.Get(glacier.HeaderJobID)
	}
	if len(ids) == 1 {
		return c.done(link("job", "vault", name, "job", job), "The job has begun.")
	}
	return c.done(link("jobs", "vault", name), "%s have begun.", plural(len(ids), "job"))
}

// A deletion is what is about to be deleted.
type deletion struct {
	Vault, Back string
	Chosen      []archiveView
	Bytes       int64
	Missing     int // those that are gone already
}

// confirmDeletion shows what would be deleted, and asks.
func (c *call) confirmDeletion(ids []string) error {
	name := c.form.Get("vault")
	d := deletion{Vault: name, Back: c.backToArchives()}
	for _, id := range ids {
		a, err := c.archive(name, id)
		if e := asRefusal(err); e != nil && e.status == http.StatusNotFound {
			d.Missing++
			continue
		}
		if err != nil {
			return c.instead(d.Back, err)
		}
		d.Chosen = append(d.Chosen, archiveView{ArchiveRow: a})
		d.Bytes += a.Size
	}
	if len(d.Chosen) == 0 {
		return c.instead(d.Back, refuse(http.StatusNotFound, "These archives are gone already."))
	}
	return c.render(http.StatusOK, "delete", c.belowArchives(name, page{
		Title: "Delete " + plural(len(d.Chosen), "archive") + "?", Tab: "archives", Data: d,
		Commands: []command{glacierCommand("Delete the first of them", "delete-archive", "vault-name", name, "archive-id", string(d.Chosen[0].ID))},
	}))
}

// deleteChosen deletes the archives, and says of those that stay why.
func (c *call) deleteChosen(back string, ids []string) error {
	name := c.form.Get("vault")
	deleted, why := 0, error(nil)
	for _, id := range ids {
		_, err := c.change(http.MethodDelete, vaultPath(name, "archives", id), nil)
		switch {
		case err == nil:
			deleted++
		case asRefusal(err) == nil:
			return err
		case why == nil:
			why = err
		}
	}
	if why != nil {
		e := asRefusal(why)
		return c.instead(back, refuse(e.status, fmt.Sprintf("%s deleted, %d not: %s", plural(deleted, "archive"), len(ids)-deleted, e.text)))
	}
	return c.done(back, "%s deleted.", plural(deleted, "archive"))
}
