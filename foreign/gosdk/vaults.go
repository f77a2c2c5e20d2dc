package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glacier"
)

var (
	locationForm = regexp.MustCompile(`^/(\d{12})/vaults/` + regexp.QuoteMeta(vault) + `$`)
	instantForm  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
)

func (s *session) createVault(ctx context.Context) error {
	create := &glacier.CreateVaultInput{VaultName: aws.String(vault)}
	created, err := s.glacier.CreateVault(ctx, create)
	if err != nil {
		return err
	}
	match := locationForm.FindStringSubmatch(aws.ToString(created.Location))
	if match == nil {
		return fmt.Errorf("location %q", aws.ToString(created.Location))
	}
	s.account = match[1]
	describe := &glacier.DescribeVaultInput{VaultName: aws.String(vault)}
	if err := glacier.NewVaultExistsWaiter(s.glacier).Wait(ctx, describe, time.Minute); err != nil {
		return err
	}
	before, err := s.glacier.DescribeVault(ctx, describe)
	if err != nil {
		return err
	}
	again, err := s.glacier.CreateVault(ctx, create)
	if err != nil {
		return err
	}
	after, err := s.glacier.DescribeVault(ctx, describe)
	if err != nil {
		return err
	}
	if !instantForm.MatchString(aws.ToString(before.CreationDate)) {
		return fmt.Errorf("creation date %q", aws.ToString(before.CreationDate))
	}
	return first(
		same("second location", *again.Location, *created.Location),
		same("creation date after the second CreateVault", *after.CreationDate, *before.CreationDate),
		same("name", *before.VaultName, vault),
		same("ARN", *before.VaultARN, s.arn(vault)),
		same("fresh counters", []int64{before.NumberOfArchives, before.SizeInBytes}, []int64{0, 0}),
		same("last inventory of a fresh vault", before.LastInventoryDate == nil, true),
	)
}

func (s *session) listVaults(ctx context.Context) error {
	mine := []string{kept, other, vault}
	for n := range 11 {
		mine = append(mine, fmt.Sprintf("gosdk.page-%02d", n))
	}
	slices.Sort(mine)
	for _, name := range mine {
		if _, err := s.glacier.CreateVault(ctx, &glacier.CreateVaultInput{VaultName: aws.String(name)}); err != nil {
			return err
		}
	}
	for _, size := range []int32{0, 1, 3} {
		var names []string
		pages := glacier.NewListVaultsPaginator(s.glacier, &glacier.ListVaultsInput{}, func(o *glacier.ListVaultsPaginatorOptions) { o.Limit = size })
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, v := range page.VaultList {
				names = append(names, *v.VaultName)
			}
		}
		sorted := slices.IsSorted(names)
		names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, "gosdk.") })
		if err := first(same("sorted", sorted, true), same(fmt.Sprintf("vaults by pages of %d", size), names, mine)); err != nil {
			return err
		}
	}
	for _, name := range mine {
		if strings.HasPrefix(name, "gosdk.page-") {
			if err := s.deleteVault(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *session) oddNames(ctx context.Context) error {
	for _, name := range []string{".", "..", "...", "-"} {
		if _, err := s.glacier.CreateVault(ctx, &glacier.CreateVaultInput{VaultName: aws.String(name)}); err != nil {
			return err
		}
		described, err := s.glacier.DescribeVault(ctx, &glacier.DescribeVaultInput{VaultName: aws.String(name)})
		if err != nil {
			return err
		}
		if err := first(same("name", aws.ToString(described.VaultName), name), s.deleteVault(ctx, name)); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) deleteVault(ctx context.Context, name string) error {
	_, err := s.glacier.DeleteVault(ctx, &glacier.DeleteVaultInput{VaultName: aws.String(name)})
	return err
}

func (s *session) tags(ctx context.Context) error {
	for _, tags := range []map[string]string{{"colour": "blue", "Größe": "XL +-=._/@", "empty": ""}, {"colour": "green"}} {
		if _, err := s.glacier.AddTagsToVault(ctx, &glacier.AddTagsToVaultInput{VaultName: aws.String(vault), Tags: tags}); err != nil {
			return err
		}
	}
	list := &glacier.ListTagsForVaultInput{VaultName: aws.String(vault)}
	before, err := s.glacier.ListTagsForVault(ctx, list)
	if err != nil {
		return err
	}
	remove := &glacier.RemoveTagsFromVaultInput{VaultName: aws.String(vault), TagKeys: []string{"empty", "never"}}
	if _, err := s.glacier.RemoveTagsFromVault(ctx, remove); err != nil {
		return err
	}
	after, err := s.glacier.ListTagsForVault(ctx, list)
	if err != nil {
		return err
	}
	return first(
		same("tags", before.Tags, map[string]string{"colour": "green", "Größe": "XL +-=._/@", "empty": ""}),
		same("tags after removing one", after.Tags, map[string]string{"colour": "green", "Größe": "XL +-=._/@"}),
	)
}
