package history

import (
	"errors"
	"fmt"
	"io/fs"

	"firn/glacier"
)

// Accounts are those that have a history, in no order.
func (h *History) Accounts() ([]glacier.AccountID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	entries, err := h.cfg.FS.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the accounts that have a history: %w", err)
	}
	var list []glacier.AccountID
	for _, e := range entries {
		if id := glacier.AccountID(e.Name); id.Valid() {
			list = append(list, id)
		}
	}
	return list, nil
}

// Forget removes what is known of an account that is there no more, so that it counts towards no limit and whoever is given its number
// does not see it. To forget what has no history is no error.
func (h *History) Forget(account glacier.AccountID) error {
	name, err := nameOf(account)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(account)
	if err := h.cfg.FS.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget the history of account %s: %w", account, err)
	}
	return nil
}
