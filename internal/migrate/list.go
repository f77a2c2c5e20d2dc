package migrate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"firn/glacier"
	"firn/internal/inventory"
	"firn/internal/remote"
)

// List takes the source's inventory and writes it down, if that was not done
// yet. It waits for the job as long as it lasts. Whoever calls it holds the
// State's lock.
func (m *Migration) List(ctx context.Context) error {
	for {
		about, err := m.state.About()
		if err != nil || about.Listed {
			return err
		}
		job, err := m.inventoryJob(ctx, &about)
		if err != nil {
			return fmt.Errorf("take the inventory of %s: %w", m.cfg.Source.Name, err)
		}
		err = m.await(ctx, job)
		if err == nil {
			err = m.read(ctx, job)
		}
		switch {
		case errors.Is(err, errExpired): // the computer slept for days
			if err := m.state.set(updateAsk); err != nil {
				return err
			}
		case err != nil:
			return fmt.Errorf("take the inventory of %s: %w", m.cfg.Source.Name, err)
		}
	}
}

// inventoryJob is the job that was begun, or begins one.
func (m *Migration) inventoryJob(ctx context.Context, about *About) (glacier.JobID, error) {
	if about.InventoryJob != "" {
		return about.InventoryJob, nil
	}
	token := fmt.Sprintf("%s inventory %d", about.label(), about.InventoryAsks)
	id, found, err := m.cfg.Source.FindJob(ctx, token)
	if err != nil {
		return "", err
	}
	if !found {
		kind, format := glacier.InventoryRetrieval, glacier.FormatJSON
		id, err = m.cfg.Source.StartJob(ctx, glacier.JobParameters{Type: &kind, Format: &format, Description: &token})
		if err != nil {
			return "", err
		}
	}
	return id, m.state.set(updateJob, id)
}

// label begins the descriptions of a migration's jobs.
func (a *About) label() string { return "firn migrate " + a.Token }

// The pauses between looks at jobs: a twentieth of what was waited, within
// bounds.
const (
	shortestPause = 20 * time.Millisecond
	longestPause  = 5 * time.Minute
)

func pauseAfter(waited time.Duration) time.Duration {
	return min(max(waited/20, shortestPause), longestPause)
}

// await waits until the inventory is there.
func (m *Migration) await(ctx context.Context, job glacier.JobID) error {
	for began := m.cfg.Now(); ; {
		d, err := m.cfg.Source.Job(ctx, job)
		switch {
		case remote.IsNotFound(err):
			return errExpired
		case err != nil:
			return err
		case d.Completed && d.StatusCode != glacier.Succeeded:
			if err := m.state.set(updateAsk); err != nil {
				return err
			}
			return fmt.Errorf("the job failed: %s", text(d.StatusMessage))
		case d.Completed:
			return nil
		}
		if err := m.cfg.Sleep(ctx, pauseAfter(m.cfg.Now().Sub(began))); err != nil {
			return err
		}
	}
}

func text(s *string) string {
	if s == nil {
		return "it is not said why"
	}
	return *s
}

// listBatch is how many archives are written down at a time.
const listBatch = 10_000

// read writes the inventory down. Archives that are known stay as they are.
func (m *Migration) read(ctx context.Context, job glacier.JobID) error {
	src, err := m.openAll(ctx, job)
	if err != nil {
		return err
	}
	defer src.Close()
	in := inventory.NewReader(io.NewSectionReader(src, 0, src.end), glacier.FormatJSON)
	batch := make([]Archive, 0, listBatch)
	var read Total
	flush := func() error {
		_, err := m.state.add(batch)
		m.cfg.Events.Listed(read.Archives, read.Bytes)
		batch = batch[:0]
		return err
	}
	for row, err := range in.Rows() {
		if err != nil {
			return err
		}
		batch = append(batch, Archive{
			ID: row.ID, Description: row.Description, Created: row.Created.Format(dateFormat), Size: row.Size, Tree: row.TreeHash,
		})
		read.Archives++
		read.Bytes += row.Size
		if len(batch) == listBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return m.state.set(updateListed, in.Date().Format(dateFormat))
}

// dateFormat has no more digits than there are.
const dateFormat = "2006-01-02T15:04:05.999Z07:00"
