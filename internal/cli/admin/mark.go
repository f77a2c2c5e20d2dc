package admin

import (
	"path/filepath"
	"strings"

	"firn/internal/cli"
	"firn/internal/disk"
	"firn/internal/remote"
)

// A mark is an empty file that says that a vault was deleted from here, or was about to
// be. It lies where it is found without the vault, which can no longer be asked whose it is.
type mark struct{ file string }

// parting is the mark of a vault.
func parting(s *cli.Session, v *remote.Vault) (mark, error) {
	file, err := s.NamesFileUnasked(v)
	return mark{strings.TrimSuffix(file, ".db") + ".parting"}, err
}

func (m mark) folder() disk.FS { return disk.OS(filepath.Dir(m.file)) }
func (m mark) name() string    { return filepath.Base(m.file) }

func (m mark) set() error {
	folder, err := disk.MakeRoot(filepath.Dir(m.file))
	if err != nil {
		return err
	}
	return disk.WriteFile(folder, m.name(), nil)
}

func (m mark) there() (bool, error) { return disk.Exists(m.folder(), m.name()) }
func (m mark) clear() error         { return disk.RemoveSync(m.folder(), m.name()) }
