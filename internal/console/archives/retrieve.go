package archives

import (
	"fmt"
	"net/http"
	"strings"

	"firn/glacier"
	"firn/internal/console/frame"
)

// maxChosen bounds what one form can be about.
const maxChosen = 100

// A retrieval is what a form asks to retrieve with.
type retrieval struct {
	Tier, Range, Description, Topic string
}

// retrievalOf reads a form.
func retrievalOf(c *frame.Call) retrieval {
	return retrieval{
		Tier: c.Form.Get("tier"), Range: strings.TrimSpace(c.Form.Get("range")),
		Description: strings.TrimSpace(c.Form.Get("description")), Topic: strings.TrimSpace(c.Form.Get("topic")),
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
func actOnArchives(c *frame.Call) error {
	back := backToArchives(c)
	ids := c.Form["archive"]
	switch {
	case len(ids) == 0:
		return c.Instead(back, frame.Refuse(http.StatusBadRequest, "Choose an archive first."))
	case len(ids) > maxChosen:
		return c.Instead(back, frame.Refuse(http.StatusBadRequest, fmt.Sprintf("At most %d archives at a time.", maxChosen)))
	}
	switch c.Form.Get("do") {
	case "retrieve":
		return retrieveChosen(c, back, ids)
	case "delete":
		return confirmDeletion(c, ids)
	case "delete-confirmed":
		return deleteChosen(c, back, ids)
	}
	return frame.Refuse(http.StatusBadRequest, "There is no such button.")
}

// backToArchives is the list that the visitor comes from.
func backToArchives(c *frame.Call) string {
	list := frame.Link("archives", "vault", c.Form.Get("vault"))
	if back := c.Form.Get("back"); strings.HasPrefix(back, frame.Root+"archives?") {
		return back
	}
	return list
}

// retrieveChosen begins a job for each archive. It ends at the first that is
// refused, and says how many there are by then.
func retrieveChosen(c *frame.Call, back string, ids []string) error {
	name, f := c.Form.Get("vault"), retrievalOf(c)
	var job string
	for i, id := range ids {
		header, err := c.Change(http.MethodPost, frame.VaultPath(name, "jobs"), f.parameters(id))
		if e := frame.AsRefusal(err); e != nil && i > 0 {
			err = frame.Refuse(e.Status, fmt.Sprintf("%s began. Then: %s", frame.Plural(i, "job"), e.Text))
		}
		if err != nil {
			return c.Instead(back, err)
		}
		job = header.Get(glacier.HeaderJobID)
	}
	if len(ids) == 1 {
		return c.Done(frame.Link("job", "vault", name, "job", job), "The job has begun.")
	}
	return c.Done(frame.Link("jobs", "vault", name), "%s have begun.", frame.Plural(len(ids), "job"))
}

// A deletion is what is about to be deleted.
type deletion struct {
	Vault, Back string
	Chosen      []archiveView
	Bytes       int64
	Missing     int // those that are gone already
}

// confirmDeletion shows what would be deleted, and asks.
func confirmDeletion(c *frame.Call, ids []string) error {
	name := c.Form.Get("vault")
	d := deletion{Vault: name, Back: backToArchives(c)}
	for _, id := range ids {
		a, err := archive(c, name, id)
		if e := frame.AsRefusal(err); e != nil && e.Status == http.StatusNotFound {
			d.Missing++
			continue
		}
		if err != nil {
			return c.Instead(d.Back, err)
		}
		d.Chosen = append(d.Chosen, archiveView{ArchiveRow: a})
		d.Bytes += a.Size
	}
	if len(d.Chosen) == 0 {
		return c.Instead(d.Back, frame.Refuse(http.StatusNotFound, "These archives are gone already."))
	}
	return c.Render(http.StatusOK, "delete", belowArchives(c, name, frame.Page{
		Title: "Delete " + frame.Plural(len(d.Chosen), "archive") + "?", Tab: "archives", Data: d,
		Commands: []frame.Command{frame.GlacierCommand("Delete the first of them", "delete-archive", "vault-name", name, "archive-id", string(d.Chosen[0].ID))},
	}))
}

// deleteChosen deletes the archives, and says of those that stay why.
func deleteChosen(c *frame.Call, back string, ids []string) error {
	name := c.Form.Get("vault")
	deleted, why := 0, error(nil)
	for _, id := range ids {
		_, err := c.Change(http.MethodDelete, frame.VaultPath(name, "archives", id), nil)
		switch {
		case err == nil:
			deleted++
		case frame.AsRefusal(err) == nil:
			return err
		case why == nil:
			why = err
		}
	}
	if why != nil {
		e := frame.AsRefusal(why)
		return c.Instead(back, frame.Refuse(e.Status, fmt.Sprintf("%s deleted, %d not: %s", frame.Plural(deleted, "archive"), len(ids)-deleted, e.Text)))
	}
	return c.Done(back, "%s deleted.", frame.Plural(deleted, "archive"))
}
