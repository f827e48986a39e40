package sqlite

import (
	"database/sql/driver"
	"fmt"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"modernc.org/sqlite"
)

// addFunctions teaches the driver the function in_bitmap(bitmap, n), which
// lists use to ask what is present on a ref: whether a stored bitmap holds a
// number. The driver has one table of functions for the process.
var addFunctions = sync.OnceValue(func() error {
	if err := sqlite.RegisterDeterministicScalarFunction("in_bitmap", 2, inBitmap); err != nil {
		return fmt.Errorf("register in_bitmap: %w", err)
	}
	return nil
})

func inBitmap(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	n, ok := args[1].(int64)
	if !ok {
		return nil, fmt.Errorf("in_bitmap: the number is a %T", args[1])
	}
	b, ok := args[0].([]byte)
	if !ok {
		return nil, fmt.Errorf("in_bitmap: the bitmap is a %T", args[0])
	}
	if len(b) == 0 {
		return int64(0), nil
	}
	m := roaring.New()
	if _, err := m.FromBuffer(b); err != nil { // borrows the bytes: nothing is copied
		return nil, fmt.Errorf("in_bitmap: %w", err)
	}
	if m.Contains(uint32(n)) {
		return int64(1), nil
	}
	return int64(0), nil
}
