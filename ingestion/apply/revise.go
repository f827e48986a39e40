package apply

import (
	"context"
	"errors"

	"github.com/RoaringBitmap/roaring/v2"
)

// Revisions correct what the record says of scans that were applied before:
// when a report is decoded again, and when a scan of an earlier time comes in
// late.
type Revisions interface {
	// Earlier forgets what earlier readings of a report set aside and returns
	// the scans that they made; none when this is the first reading.
	Earlier(ctx context.Context, report string) ([]Earlier, error)
	// ReplaceScan gives an earlier scan what it saw this time. It keeps its
	// number, and with it its place among scans of the same time.
	ReplaceScan(ctx context.Context, s Scan) error
	// DropScan removes a scan.
	DropScan(ctx context.Context, id int64) error
	// Settle records which scans of a series are held; those not named are
	// not. The reports behind them become held and applied accordingly.
	Settle(ctx context.Context, series int64, hs []Holding) error
}

// Earlier is a scan that an earlier reading of a report made.
type Earlier struct {
	ScanSet
	Series Series
}

// Holding is a scan that closes nothing until someone confirms it.
type Holding struct {
	Scan  int64
	Why   string
	Would int64 // sightings that it would close
}

// holdings lists the held scans of a series.
func holdings(scans []ScanSet) []Holding {
	var out []Holding
	fold(scans, func(s *ScanSet, why string, missing uint64) {
		out = append(out, Holding{s.ID, why, int64(missing)})
	})
	return out
}

// errLess says that a report is not to be replaced by its new reading.
var errLess = errors.New("this reading finds nothing, or much less than the one before: the report keeps what it brought then")

// lost reports whether a new reading of a report lacks so much of what was
// read before that the fault is rather with the reading. The bounds are those
// of a scan that is held.
func lost(before, now *roaring.Bitmap) bool {
	missing := before.GetCardinality() - before.AndCardinality(now)
	return missing > 0 && (now.IsEmpty() || missing >= shrinkMin && missing*shrinkPart > before.GetCardinality())
}

// earlierOf returns the scan that an earlier reading of the report made of a
// series, or nil. It is taken: what is left over at the end is dropped.
func (s *session) earlierOf(series int64) *Earlier {
	for i := range s.earlier {
		if e := &s.earlier[i]; e.Series.ID == series {
			s.taken[series] = true
			return e
		}
	}
	return nil
}

// dropRest removes the scans of an earlier reading that this reading doesn't
// make: the report is no longer evidence there.
func (s *session) dropRest() error {
	if len(s.earlier) > 0 && len(s.order) == 0 {
		return &Unreadable{errLess}
	}
	for i := range s.earlier {
		e := &s.earlier[i]
		if s.taken[e.Series.ID] {
			continue
		}
		if err := s.tx.DropScan(s.ctx, e.ID); err != nil {
			return err
		}
		if err := refold(s.ctx, s.tx, e.Series, s.job.Report, e.Series.Tool, "the report was decoded again and says so no more", s.job.Now); err != nil {
			return err
		}
	}
	return nil
}
