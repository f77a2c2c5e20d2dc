package names

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/disk"
)

// An Owner is the vault whose names a catalogue keeps.
type Owner struct {
	Endpoint string // the address of the service
	Region   string
	Account  glacier.AccountID
	Vault    glacier.VaultName
}

// String says it in a line.
func (o Owner) String() string {
	return fmt.Sprintf("vault %s of account %s in %s at %s", o.Vault, o.Account, o.Region, o.Endpoint)
}

// Bind makes the catalogue that of a vault, the first time. Later it makes sure that it is: [ErrOther] means that it is not.
func (c *Catalogue) Bind(ctx context.Context, o Owner) error {
	if c.frozen != thawed {
		is, bound, err := c.Owner(ctx)
		if err != nil || !bound {
			return err
		}
		return c.explain("look up whose names they are", is.same(o))
	}
	return c.update(ctx, "look up whose names they are", func(tx *transaction) error { return tx.bind(o) })
}

func (tx *transaction) bind(o Owner) error {
	_, err := tx.Exec("INSERT INTO owner VALUES (1, ?, ?, ?, ?) ON CONFLICT DO NOTHING", o.Endpoint, o.Region, string(o.Account), string(o.Vault))
	if err != nil {
		return err
	}
	var is Owner
	if _, err := tx.Row(selectOwner, nil, &is.Endpoint, &is.Region, &is.Account, &is.Vault); err != nil {
		return err
	}
	return is.same(o)
}

// same reports that an owner is not the one that is meant.
func (o Owner) same(meant Owner) error {
	if o != meant {
		return fmt.Errorf("%w: they are of %s, not of %s", ErrOther, o, meant)
	}
	return nil
}

// Of makes sure that the catalogue's vault is the one that was made at a time, of which it takes note the first time, and again if it knows no
// archives: [ErrEarlier] means that it was made before, so that nothing that the catalogue says is true of the vault that there is now.
func (c *Catalogue) Of(ctx context.Context, made time.Time) error {
	const doing = "look up which vault they are of"
	if c.frozen != thawed {
		return c.explain(doing, c.ofFrozen(ctx, made))
	}
	return c.update(ctx, doing, func(tx *transaction) error { return tx.of(made) })
}

func (tx *transaction) of(made time.Time) error {
	if _, err := tx.Exec(createMade); err != nil {
		return err
	}
	var is int64
	var empty bool
	known, err := tx.Row(selectMade, nil, &is, &empty)
	if err != nil {
		return err
	}
	if known {
		if err := earlier(is, made); err == nil || !empty {
			return err
		}
		for _, drop := range []string{"DELETE FROM uploads", "DELETE FROM retrievals", "DELETE FROM chunks"} { // it was begun in the earlier one
			if _, err := tx.Exec(drop); err != nil {
				return err
			}
		}
	}
	_, err = tx.Exec("INSERT OR REPLACE INTO made VALUES (1, ?)", made.UnixMilli())
	return err
}

const selectMade = "SELECT time, NOT EXISTS (SELECT 1 FROM archives) FROM made"

// earlier reports that a catalogue is of a vault that was made before.
func earlier(is int64, made time.Time) error {
	if made.UnixMilli() > is {
		return fmt.Errorf("%w, on %s", ErrEarlier, made.UTC().Format(time.RFC3339))
	}
	return nil
}

// bindTo is bind for a text: the vault may be known at another address, and no vault at all is any.
func (tx *transaction) bindTo(o Owner) error {
	if o == (Owner{}) {
		return nil
	}
	var is Owner
	bound, err := tx.Row(selectOwner, nil, &is.Endpoint, &is.Region, &is.Account, &is.Vault)
	if err != nil {
		return err
	}
	if bound {
		o.Endpoint = is.Endpoint
	}
	return tx.bind(o)
}

// mine makes sure that an inventory is of the catalogue's vault, as far as either says which that is.
func (c *Catalogue) mine(ctx context.Context, arn glacier.ARN) error {
	o, bound, err := c.Owner(ctx)
	if err != nil || !bound || arn == "" {
		return err
	}
	is, own := strings.Split(string(arn), ":"), strings.Split(string(glacier.VaultARN(o.Region, o.Account, o.Vault)), ":")
	if len(is) != len(own) || !slices.Equal(is[2:], own[2:]) { // before that is aws, aws-cn or the like
		return fmt.Errorf("%w: they are of %s, and the inventory is of %s", ErrOther, o, arn)
	}
	return nil
}

const selectOwner = "SELECT endpoint, region, account, vault FROM owner"

// Owner returns the vault that the catalogue was bound to, if it was.
func (c *Catalogue) Owner(ctx context.Context) (o Owner, ok bool, err error) {
	ok, err = c.row(ctx, selectOwner, nil, &o.Endpoint, &o.Region, &o.Account, &o.Vault)
	return o, ok, c.explain("look up whose names they are", err)
}

// DefaultFile is where the names of a vault are kept unless somebody says otherwise: below the folder for data (XDG_DATA_HOME), in
// firn/names/HOST/ACCOUNT/VAULT.db. Two vaults never have the same file, also where names that differ in case are one (the name of a vault
// with capitals ends with a plus sign and a part of its hash), and a vault may be called "..".
func DefaultFile(dataHome string, o Owner) string {
	account := string(o.Account)
	if o.Account == glacier.CallersAccount {
		account = "default"
	}
	return filepath.Join(dataHome, "firn", "names", hostOf(o.Endpoint), safe(account), safe(string(o.Vault))+".db")
}

// hostOf is the part of an address that tells services apart: host and port.
func hostOf(endpoint string) string {
	host := endpoint
	if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
		host = u.Host
	}
	return safe(strings.ReplaceAll(strings.ToLower(host), ":", "+"))
}

// longest is how long a name of a file may be before others are added to it.
const longest = 200

// safe makes a name one that any file system takes. What it changes it marks with a plus sign, that no vault's name has.
func safe(name string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune("_-.+", r):
			return r
		}
		return '_'
	}, name)
	if kept == "" || strings.HasPrefix(kept, ".") {
		kept = "+" + kept
	}
	hashed := kept != name && kept != "+"+name || strings.ToLower(name) != name
	if len(kept) > longest {
		kept, hashed = kept[:longest], true
	}
	if hashed {
		sum := sha256.Sum256([]byte(name))
		kept += "+" + hex.EncodeToString(sum[:6])
	}
	return kept
}

// Accounts are those of which there are names of a vault, where [DefaultFile] says.
func Accounts(dataHome string, o Owner) (accounts []glacier.AccountID, err error) {
	file := DefaultFile(dataHome, o)
	host := disk.OS(filepath.Dir(filepath.Dir(file)))
	folders, err := host.ReadDir(".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, folder := range folders {
		account := glacier.AccountID(folder.Name)
		if !account.Valid() {
			continue
		}
		there, err := disk.Exists(host, folder.Name+"/"+filepath.Base(file))
		if err != nil {
			return nil, err
		}
		if there {
			accounts = append(accounts, account)
		}
	}
	return accounts, err
}
