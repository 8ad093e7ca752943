using System.Buffers.Binary;

namespace Llama4.Images.Jpeg;

/// <summary>
/// The entropy-coded bits of a scan, without the zero bytes stuffed after FF. Behind the data stand as many zeros as one likes to
/// look at; to take one of them is an error, since a decoder that goes on invents a picture.
/// </summary>
internal ref struct ScanBits
{
    private readonly ReadOnlySpan<byte> _file;
    private ulong _bits; // the next bit is the highest
    private int _count;
    private int _beyond; // of _count: zeros that are not in the file

    /// <param name="at">Of the scan's first byte.</param>
    public ScanBits(ReadOnlySpan<byte> file, int at)
    {
        _file = file;
        Position = at;
    }

    /// <summary>Where the bytes stand that were not yet taken in; at a marker once it is reached.</summary>
    public int Position { get; private set; }

    /// <summary>The next symbol of <paramref name="table"/>.</summary>
    public int Symbol(HuffmanTable table)
    {
        Need(16);
        int found = table.Short[_bits >> (64 - HuffmanTable.ShortBits)];
        if (found == 0)
        {
            found = table.FindLong((int)(_bits >> 48));
            if (found == 0)
            {
                throw new ImageFormatException($"JPEG: expected a Huffman code before byte {Position}, found bits that are none");
            }
        }

        Drop(found >> 8);
        return found & 0xFF;
    }

    /// <summary>The next bits as a number.</summary>
    /// <param name="count">0 to 16.</param>
    public int Take(int count)
    {
        if (count == 0)
        {
            return 0;
        }

        Need(count);
        var value = (int)(_bits >> (64 - count));
        Drop(count);
        return value;
    }

    /// <summary>A coefficient's bits: those that begin with 0 stand for negative numbers.</summary>
    public int TakeSigned(int count)
    {
        var value = Take(count);
        return count > 0 && value < 1 << (count - 1) ? value - (1 << count) + 1 : value;
    }

    /// <summary>Passes the restart marker that has to come next; the bits before it only fill the byte.</summary>
    /// <param name="number">0 to 7.</param>
    public void Restart(int number)
    {
        (_bits, _count, _beyond) = (0, 0, 0);
        var at = Markers.Next(_file, Position, out var marker);
        if (marker != 0xD0 + number)
        {
            throw new ImageFormatException($"JPEG: expected restart marker {number} at byte {Position}, found marker {marker:X2}");
        }

        Position = at;
    }

    private void Drop(int count)
    {
        _bits <<= count;
        _count -= count;
        if (_count < _beyond)
        {
            throw new ImageFormatException($"JPEG: expected more coefficients, found the end of the scan's data at byte {Position}");
        }
    }

    private void Need(int count)
    {
        if (_count < count)
        {
            Fill();
        }
    }

    private void Fill()
    {
        if (_count <= 32 && Position + 4 <= _file.Length)
        {
            var four = BinaryPrimitives.ReadUInt32BigEndian(_file[Position..]);
            if (((~four - 0x01010101) & four & 0x80808080) == 0) // no byte is FF
            {
                _bits |= (ulong)four << (32 - _count);
                _count += 32;
                Position += 4;
                return;
            }
        }

        while (_count <= 56)
        {
            if (Position < _file.Length && _file[Position] != 0xFF)
            {
                _bits |= (ulong)_file[Position++] << (56 - _count);
            }
            else if (Position + 1 < _file.Length && _file[Position + 1] == 0)
            {
                _bits |= 0xFFul << (56 - _count);
                Position += 2;
            }
            else
            {
                _beyond += 8;
            }

            _count += 8;
        }
    }
}
