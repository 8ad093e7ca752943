using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;

namespace Llama4.Contracts;

/// <summary>
/// Something a grain hands to another grain of the same host by reference: it holds device memory or other things that
/// mean nothing elsewhere. Writing one into a message between hosts is a broken invariant and throws.
/// </summary>
public abstract class HostLocal;

/// <summary>Refuses to write <see cref="HostLocal"/> objects of every kind, and hands them on uncopied inside a host.</summary>
public sealed class HostLocalCodec : IGeneralizedCodec, IGeneralizedCopier
{
    public bool IsSupportedType(Type type) => typeof(HostLocal).IsAssignableFrom(type);

    [return: NotNullIfNotNull(nameof(input))]
    public object? DeepCopy(object? input, CopyContext context) => input;

    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, [AllowNull] object value)
        where TBufferWriter : IBufferWriter<byte> =>
        throw new InvalidOperationException($"{value?.GetType().Name ?? "null"} belongs to its host: the placement sent a host-local call to another host");

    public object ReadValue<TInput>(ref Reader<TInput> reader, Field field) =>
        throw new RowsFormatException("a message holds a host-local object: expected none between hosts");
}

public static class HostLocalSetup
{
    /// <summary>Lets grains of one host hand <see cref="HostLocal"/> objects to each other.</summary>
    public static IServiceCollection AddHostLocal(this IServiceCollection services) =>
        services.AddSingleton<HostLocalCodec>()
            .AddSingleton<IGeneralizedCodec>(provider => provider.GetRequiredService<HostLocalCodec>())
            .AddSingleton<IGeneralizedCopier>(provider => provider.GetRequiredService<HostLocalCodec>());
}
