package health

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/disk"
)

// CheckFile is where the result of the last check is, in the data directory: JSON, replaced as a whole.
const CheckFile = "check.json"

// What is kept of a check.
const (
	MaxDamaged  = 1000 // archives that are named
	MaxProblems = 100  // other things
	maxWhy      = 512  // bytes of a text
	maxCheck    = 4 << 20
)

// checkVersion grows when what is written changes its meaning.
const checkVersion = 1

// Check is the result of a check of the store.
type Check struct {
	Version int       `json:"version"` // set by WriteCheck
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended"`
	Deep    bool      `json:"deep"` // every byte was read
	Exit    int       `json:"exit"` // of firn check: 0 nothing is wrong, 1 the check broke off, 3 there is damage
	Err     string    `json:"error,omitempty"`

	Archives int64 `json:"archives"` // looked at
	Payloads int64 `json:"payloads"`
	Bytes    int64 `json:"bytes"`

	DamagedCount int       `json:"damaged_count"`
	Damaged      []Damaged `json:"damaged"` // the first of them
	ProblemCount int       `json:"problem_count"`
	Problems     []string  `json:"problems"` // the first of them
}

// Damaged is an archive that cannot be read back whole.
type Damaged struct {
	Account glacier.AccountID `json:"account"`
	Vault   glacier.VaultName `json:"vault"`
	Archive glacier.ArchiveID `json:"archive"`
	Size    int64             `json:"size"`
	Why     string            `json:"why"`
}

// Clean reports whether the check was made and has found nothing.
func (c *Check) Clean() bool { return c.Exit == 0 }

// Of returns what an account may see of a check: when it was, and the archives that are its own. The counts of damage are of those. It is
// not complete if the check has found more than is named, which whole says.
func (c *Check) Of(account glacier.AccountID) (own Check, whole bool) {
	own = Check{Version: c.Version, Began: c.Began, Ended: c.Ended, Deep: c.Deep, Exit: c.Exit}
	for _, d := range c.Damaged {
		if d.Account == account {
			own.Damaged = append(own.Damaged, d)
		}
	}
	own.DamagedCount = len(own.Damaged)
	return own, c.DamagedCount == len(c.Damaged)
}

// WriteCheck replaces the result of the last check, durably. It keeps as much as there is room for, and changes c to that.
func WriteCheck(fsys disk.FS, c *Check) error {
	c.Version = checkVersion
	c.Err = cut(c.Err)
	c.DamagedCount, c.ProblemCount = max(c.DamagedCount, len(c.Damaged)), max(c.ProblemCount, len(c.Problems))
	c.Damaged = append([]Damaged{}, c.Damaged[:min(len(c.Damaged), MaxDamaged)]...)
	for i := range c.Damaged {
		c.Damaged[i].Why = cut(c.Damaged[i].Why)
	}
	c.Problems = append([]string{}, c.Problems[:min(len(c.Problems), MaxProblems)]...)
	for i := range c.Problems {
		c.Problems[i] = cut(c.Problems[i])
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the check's result: %w", err)
	}
	return disk.WriteFile(fsys, CheckFile, append(data, '\n'))
}

// cut bounds a text, and leaves it UTF-8.
func cut(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxWhy)], "")
}

// ReadCheck returns the result of the last check, nil if there has been none.
func ReadCheck(fsys disk.Opener) (*Check, error) {
	f, err := fsys.Open(CheckFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > maxCheck {
		return nil, fmt.Errorf("%s has %d bytes, more than any result of a check", CheckFile, size)
	}
	var c Check
	if err := json.NewDecoder(io.NewSectionReader(f, 0, size)).Decode(&c); err != nil {
		return nil, fmt.Errorf("read %s: %w", CheckFile, err)
	}
	if c.Version != checkVersion {
		return nil, fmt.Errorf("%s has version %d, which this Firn does not know", CheckFile, c.Version)
	}
	return &c, nil
}
