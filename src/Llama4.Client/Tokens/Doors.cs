using Llama4.Contracts;

namespace Llama4.Client.Tokens;

/// <summary>Grains that answer on whatever silo is asked: a client's calls to one of them all go through the same silo, so another number is another way.</summary>
internal static class Doors
{
    /// <summary>More than Orleans knows ways to silos.</summary>
    public const int Count = 1024;

    /// <param name="number">Counted on without end; it comes around.</param>
    public static IPlanViewGrain GetPlanView(this IGrainFactory grains, long number) => grains.GetGrain<IPlanViewGrain>(Around(number));

    /// <inheritdoc cref="GetPlanView"/>
    public static IEngineDoorGrain GetEngineDoor(this IGrainFactory grains, long number) => grains.GetGrain<IEngineDoorGrain>(Around(number));

    /// <inheritdoc cref="GetPlanView"/>
    public static IChatGrain GetChat(this IGrainFactory grains, long number) => grains.GetGrain<IChatGrain>(Around(number));

    private static long Around(long number) => number % Count;
}
