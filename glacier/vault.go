package glacier

// A VaultDescription is the reply of DescribeVault and an element of
// ListVaults. Counts and sizes are as of the last inventory; SizeInBytes
// includes [ArchiveOverhead] for each archive.
type VaultDescription struct {
	CreationDate      Time
	LastInventoryDate *Time
	NumberOfArchives  int64
	SizeInBytes       int64
	VaultARN          ARN
	VaultName         VaultName
}

// A VaultList is the reply of ListVaults. Marker is null on the last page.
type VaultList struct {
	Marker    *string
	VaultList []VaultDescription
}

// Tags is the reply of ListTagsForVault and the request of AddTagsToVault.
type Tags struct {
	Tags map[string]string
}

// TagKeys is the request of RemoveTagsFromVault.
type TagKeys struct {
	TagKeys []string
}
