package server

import (
	"fmt"

	"firn/internal/bucket"
	"firn/internal/disk"
	"firn/internal/selection"
)

// Results leave selectFloor bytes free where their directory is: they must not
// take the store's last ones. Of a disk that has not twice as many they leave half
// of what is free at the start, and leastFloor in any case.
const (
	selectFloor = 1 << 30
	leastFloor  = 256 << 20
)

// openSelect finds the places where the results of select jobs may go. It asks
// no bucket.
func (s *Server) openSelect() (*selection.Service, error) {
	cfg := selection.Config{
		Account: s.cfg.Account, Buckets: make(map[string]selection.Target),
		MaxTime: s.cfg.SelectTime, MaxOutput: s.cfg.SelectOutput,
	}
	for name, b := range s.cfg.Buckets {
		s3, err := bucket.NewS3(b.Settings)
		if err != nil {
			return nil, fmt.Errorf("bucket %s: %w", name, err)
		}
		cfg.Buckets[name] = selection.Target{Bucket: s3, Accounts: b.Accounts}
	}
	var err error
	if cfg.Directory, err = s.selectDirectory(); err != nil {
		return nil, err
	}
	return selection.New(cfg)
}

// selectDirectory makes the directory of results, nil if there is to be none.
func (s *Server) selectDirectory() (*bucket.Directory, error) {
	dir := s.cfg.SelectDirectory
	switch dir {
	case NoSelect:
		return nil, nil
	case "":
		dir = s.cfg.Data + "/select"
	}
	root, err := disk.MakeRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("make the directory of select results: %w", err)
	}
	d := bucket.NewDirectory(root, ".")
	free, err := root.Free()
	if err != nil {
		return nil, fmt.Errorf("see how much space select results have: %w", err)
	}
	d.Floor = floorOf(free)
	d.Remake = func() error {
		_, err := disk.MakeRoot(dir)
		return err
	}
	return d, nil
}

func floorOf(free int64) int64 { return max(leastFloor, min(selectFloor, free/2)) }
