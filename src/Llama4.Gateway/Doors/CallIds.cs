using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Llama4.Gateway.Doors;

/// <summary>Ids that follow from a chat's: an answer that goes on elsewhere gives its calls the same ones.</summary>
internal sealed class CallIds(Guid chat)
{
    private int _made;

    public Guid Next()
    {
        Span<byte> name = stackalloc byte[16 + sizeof(int)];
        chat.TryWriteBytes(name);
        BinaryPrimitives.WriteInt32LittleEndian(name[16..], _made++);
        return new Guid(SHA256.HashData(name).AsSpan(0, 16));
    }
}
